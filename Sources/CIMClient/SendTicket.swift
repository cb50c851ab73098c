/// Names a message of `ChatClient.post` until its last answer comes, also in a later run of the program: 64 random bits.
public struct SendTicket: Hashable, Sendable, LosslessStringConvertible {
  let number: UInt64

  init(number: UInt64) {
    self.number = number
  }

  static func random() -> Self { Self(number: .random(in: 0 ... .max)) }

  /// Parses a ticket as printed.
  public init?(_ description: String) {
    guard let number = UInt64(description, radix: 16) else { return nil }
    self.number = number
  }

  /// The ticket in hexadecimal digits.
  public var description: String { String(self.number, radix: 16) }
}
