/// An account's number: 1, 2, 3, … in the order of registration, never given twice.
public struct UserID: Hashable, Sendable, Comparable, LosslessStringConvertible {
  /// 1 or greater for an account that exists.
  public let rawValue: UInt64

  /// Creates an id from its number.
  public init(_ rawValue: UInt64) {
    self.rawValue = rawValue
  }

  /// Parses an id as printed: decimal digits without a sign or leading zeros, at least 1.
  public init?(_ description: String) {
    self.init(text: description)
  }

  init?(text: some StringProtocol) {
    guard let value = UInt64(canonical: text), value > 0 else { return nil }
    self.rawValue = value
  }

  public var description: String { "\(self.rawValue)" }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
