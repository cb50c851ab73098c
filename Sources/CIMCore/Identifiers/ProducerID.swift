/// A random id that a client makes anew with each outbox. It belongs to one user, and its messages are numbered 1, 2, 3, …
/// in each conversation.
public struct ProducerID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public let rawValue: String

  /// Creates an id.
  ///
  /// - Throws: `InvalidIdentifier` unless `text` is 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public init(_ text: String) throws(InvalidIdentifier) {
    try Word.check(text, "producer id")
    self.rawValue = text
  }

  public var description: String { self.rawValue }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
