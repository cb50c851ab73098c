/// Tells the connections of one user apart: chosen by the client, kept across its restarts.
public struct DeviceID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public let rawValue: String

  /// Creates an id.
  ///
  /// - Throws: `InvalidIdentifier` unless `text` is 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public init(_ text: String) throws(InvalidIdentifier) {
    try Word.check(text, "device id")
    self.rawValue = text
  }

  public var description: String { self.rawValue }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
