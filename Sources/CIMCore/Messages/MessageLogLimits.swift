/// How much a message log remembers.
public struct MessageLogLimits: Hashable, Sendable {
  /// How many of a producer's last answers are kept per conversation: 64 by default.
  public var answersPerProducer: Int

  /// For how long a producer is remembered after its last use, in milliseconds: 7 days by default.
  public var producerMilliseconds: UInt64

  /// For how long a key is remembered, in milliseconds: 24 hours by default.
  public var keyMilliseconds: UInt64

  /// How many entries of a conversation are kept, the newest: 10,000 by default.
  public var entriesPerConversation: Int

  /// The limits that `MessageLog` names.
  public static let defaults = Self(
    answersPerProducer: 64, producerMilliseconds: 7 * 24 * 3_600_000, keyMilliseconds: 24 * 3_600_000,
    entriesPerConversation: 10_000)
}
