/// Tells the registrations of one server apart: random, anew with each.
public struct Incarnation: Hashable, Sendable, CustomStringConvertible {
  /// 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public let rawValue: String

  /// Creates an incarnation from its text.
  ///
  /// - Throws: `InvalidIdentifier` unless `text` is 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public init(_ text: String) throws(InvalidIdentifier) {
    try Word.check(text, "incarnation")
    self.rawValue = text
  }

  private init(random bits: UInt64) {
    let digits = String(bits, radix: 16)
    self.rawValue = String(repeating: "0", count: 16 - digits.count) + digits
  }

  /// A new one: 64 random bits, printed as 16 hexadecimal digits.
  public static func random() -> Self {
    Self(random: .random(in: .min ... .max))
  }

  public var description: String { self.rawValue }
}
