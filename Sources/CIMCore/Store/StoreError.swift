/// A store or a registry could not do what was asked.
///
/// An open set of codes: match the ones you handle, and treat the rest like `.rejected`.
public struct StoreError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure this is.
  public struct Code: Hashable, Sendable, CustomStringConvertible {
    private enum Name: String { case unavailable, rejected, corrupted, cancelled }
    private let name: Name

    /// The store is away, overloaded, full, read only for now or too slow. What was asked may have happened or not:
    /// asking again under the same ids is right, and can succeed.
    public static let unavailable = Self(name: .unavailable)
    /// The store answered that it never does this as it is set up (not permitted, keys on several nodes): an operator
    /// has to act.
    public static let rejected = Self(name: .rejected)
    /// What is stored is not what this version writes.
    public static let corrupted = Self(name: .corrupted)
    /// The calling task was cancelled. What was asked may have happened or not.
    public static let cancelled = Self(name: .cancelled)

    public var description: String { self.name.rawValue }
  }

  /// What kind of failure this is.
  public let code: Code

  /// What is wrong and what to do, in words.
  public let message: String

  /// What caused it, if that is known.
  public let cause: (any Error)?

  /// Creates an error.
  public init(_ code: Code, _ message: String, cause: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// An error of code `unavailable`.
  public static func unavailable(_ message: String, cause: (any Error)? = nil) -> Self {
    Self(.unavailable, message, cause: cause)
  }

  /// An error of code `rejected`.
  public static func rejected(_ message: String, cause: (any Error)? = nil) -> Self {
    Self(.rejected, message, cause: cause)
  }

  /// An error of code `corrupted`.
  public static func corrupted(_ message: String, cause: (any Error)? = nil) -> Self {
    Self(.corrupted, message, cause: cause)
  }

  /// An error of code `cancelled`.
  public static func cancelled(_ message: String, cause: (any Error)? = nil) -> Self {
    Self(.cancelled, message, cause: cause)
  }

  public var description: String {
    self.cause.map { "\(self.code): \(self.message) (\($0))" } ?? "\(self.code): \(self.message)"
  }
}
