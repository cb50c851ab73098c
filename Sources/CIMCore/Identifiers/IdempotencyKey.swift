/// A key by which another service makes its repeated send safe: 1 to 64 bytes of UTF-8, unique among the sender's
/// messages to the same conversation.
///
/// Keys are equal when their bytes are.
public struct IdempotencyKey: Hashable, Sendable, CustomStringConvertible {
  private let text: ExactText

  /// Creates a key.
  ///
  /// - Throws: `InvalidIdentifier` unless `key` is 1 to 64 bytes long.
  public init(_ key: String) throws(InvalidIdentifier) {
    guard (1...64).contains(key.utf8.count) else {
      throw InvalidIdentifier("idempotency key", rule: "1 to 64 bytes of UTF-8")
    }
    self.text = ExactText(string: key)
  }

  /// The key as the service wrote it.
  public var rawValue: String { self.text.string }

  public var description: String { self.rawValue }
}
