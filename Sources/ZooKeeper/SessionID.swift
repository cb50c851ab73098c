/// A session's number, given by the server.
public struct SessionID: Hashable, Sendable, CustomStringConvertible {
  /// Not 0.
  public let rawValue: Int64

  /// Creates an id from its number.
  public init(_ rawValue: Int64) {
    self.rawValue = rawValue
  }

  /// In hexadecimal, as the server logs it.
  public var description: String { "0x" + String(UInt64(bitPattern: self.rawValue), radix: 16) }
}
