/// What was said: a log per conversation, and for each user the conversations that may hold something new.
///
/// A log is dense: positions of one epoch are 1, 2, 3, … and each entry names the one before it. Stores may trim
/// the oldest entries; `previous` of the oldest one left tells that there were older ones.
public protocol MessageLog: Store {
  /// Marks a conversation for each of those users. It is done before a message is appended, so that whatever dies
  /// afterwards, somebody can know that there is something to deliver.
  func markDirty(_ conversation: Conversation, for users: [UserID]) async throws(StoreError)

  /// A user's marks, the longest unchanged first.
  ///
  /// - Parameter limit: at most that many; at least 1.
  func dirtyMarks(of user: UserID, limit: Int) async throws(StoreError) -> [DirtyMark]

  /// Removes a user's mark if it is still that one: a mark set since then stays.
  ///
  /// - Returns: whether this call removed it.
  func clearDirty(_ mark: DirtyMark, of user: UserID) async throws(StoreError) -> Bool

  /// Appends a message, or answers as it was answered before; all of it is one atomic step.
  ///
  /// With `.producer`: an unknown producer begins with counter 1. The counter after the last one is appended (or
  /// refused, when `refusal` is set). One of the last 64 is answered as it was then, with the whole entry, so that
  /// delivery can run again; `.duplicateUnknown` when its entry has been trimmed. An older one is `.duplicateUnknown`,
  /// a later one a `.gap`. What is known of a producer is forgotten 7 days after it was last used. A producer
  /// belongs to the user who used it first: another user's message under it, and counter 0, are refused as invalid,
  /// and that is not remembered.
  ///
  /// With `.key`: accepted once per sender, conversation and key within 24 hours, then answered as before
  /// (`.duplicateUnknown` when its entry has been trimmed). A refusal is not remembered under a key.
  func append(_ append: Append) async throws(StoreError) -> AppendOutcome

  /// The last entries of a log, or the last ones before a place; oldest first.
  ///
  /// - Parameter limit: at most that many; at least 1.
  func read(
    _ conversation: Conversation, before: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry]

  /// The entries that follow a place, or the oldest stored ones; oldest first. The place need not be in the log: what is
  /// between it and the first entry is missing when that one's `previous` is another.
  ///
  /// - Parameter limit: at most that many; at least 1.
  func read(
    _ conversation: Conversation, after: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry]

  /// The place of the last entry; `nil` for a log without any.
  func tail(of conversation: Conversation) async throws(StoreError) -> LogPosition?
}
