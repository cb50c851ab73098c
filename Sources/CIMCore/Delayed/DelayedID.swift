/// Names a delayed message. It is also the producer under which the message is sent, so that it is logged once however often that
/// is tried.
public struct DelayedID: Hashable, Sendable, Comparable, CustomStringConvertible {
  /// 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public let rawValue: String

  /// Creates an id from its text.
  ///
  /// - Throws: `InvalidIdentifier` unless `text` is 1 to 64 bytes of `[0-9A-Za-z_-]`.
  public init(_ text: String) throws(InvalidIdentifier) {
    try Word.check(text, "delayed message id")
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

  /// How the message is known as the same one by its conversation's log: the first and only one of its producer.
  public var idempotency: Append.Idempotency {
    guard let producer = try? ProducerID(self.rawValue) else {
      preconditionFailure("ids of delayed messages and of producers have the same rule")
    }
    return .producer(producer, counter: 1)
  }

  public var description: String { self.rawValue }

  public static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
