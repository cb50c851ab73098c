/// How much a message log remembers, and for how long.
public struct MessageLogLimits: Hashable, Sendable {
  /// How many of a producer's last answers are kept per conversation: 64 by default.
  public var answersPerProducer: Int

  /// For how long a producer is remembered after its last use, in milliseconds: 7 days by default.
  public var producerMilliseconds: UInt64

  /// For how long a key is remembered, in milliseconds: 24 hours by default.
  public var keyMilliseconds: UInt64

  /// How many entries of a conversation are kept, the newest: 10,000 by default.
  public var entriesPerConversation: Int

  /// For how long an entry is kept, in milliseconds: 30 days by default. Older ones go with the next appends, a few with
  /// each; a log to which nothing is appended goes as a whole. An entry is in no log for longer than twice as long.
  public var entryMilliseconds: UInt64

  /// For how long a mark allows appending, in milliseconds: 10 s by default.
  public var markLeaseMilliseconds: UInt64

  /// By how much clocks of the store may differ, or one may be set back, in milliseconds: 5 s by default. A mark is taken
  /// for past its lease only when it has been for as long.
  public var clockToleranceMilliseconds: UInt64

  /// For how long is kept what belongs to a device, a user or a private conversation of which nothing is seen, in
  /// milliseconds: 90 days by default. Logins, cursors, marks, and where a log ended.
  public var idleMilliseconds: UInt64

  /// How many members a group may have: 100,000 by default. One that has more keeps them.
  public var membersPerGroup: Int

  /// The limits that the properties name.
  public static let defaults = Self(
    answersPerProducer: 64, producerMilliseconds: 7 * 24 * 3_600_000, keyMilliseconds: 24 * 3_600_000,
    entriesPerConversation: 10_000, entryMilliseconds: 30 * 24 * 3_600_000, markLeaseMilliseconds: 10_000,
    clockToleranceMilliseconds: 5_000, idleMilliseconds: 90 * 24 * 3_600_000,
    membersPerGroup: 100_000)
}
