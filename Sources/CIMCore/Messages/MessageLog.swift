/// What was said: a log per conversation, and for each user the conversations that may hold something new.
///
/// A log is dense: positions of one epoch are 1, 2, 3, … and each entry names the one before it. Stores may trim
/// the oldest entries; `previous` of the oldest one left tells that there were older ones. When the store is not any more
/// what the log was last written under (`SessionStore.identities()`), the next entry begins a new epoch: what the store lost and
/// what it writes now never stand under one position.
///
/// ## Why a mark makes sure that nothing is forgotten
///
/// A private message is appended after its receiver was marked, at the mark's time T. The sender's route may stop
/// for any time between the two, and the mark may be looked at and cleared meanwhile; so the mark is a *lease*:
///
/// 1. `append` appends nothing once the store's clock has reached T + lease: `.staleMark`, and the route marks again.
/// 2. A mark is cleared only by who has read the mark when it was past its lease, *then* read the log's tail, and knows
///    that the user has everything up to that tail.
/// 3. `clearDirty` removes the mark only if its time is still T and its lease is over.
///
/// Suppose an entry is in the log that was appended under T or an earlier time of the same mark. By 1 it was appended
/// before the lease of T was over, so before the mark was read in 2, so it is not after the tail that was read: the user
/// has it. An entry under a later mark is kept by 3. And what is appended later must have been marked later, by 1. So
/// whenever an entry is in the log that its receiver lacks, the receiver is marked.
///
/// Clocks of two store nodes may differ, and a clock may be set back: 2 and 3 take a lease for over only when it has
/// been for `MessageLogLimits.clockToleranceMilliseconds`.
public protocol MessageLog: Store {
  /// Marks a conversation for each of those users. It is done before a message is appended, so that whatever dies
  /// afterwards, somebody can know that there is something to deliver.
  ///
  /// - Returns: the mark's time by the store's clock, for `Append.markedAt`: of several users' the earliest; `nil` without
  ///   users.
  func markDirty(
    _ conversation: Conversation, for users: [UserID]
  ) async throws(StoreError) -> Timestamp?

  /// The marks of users, looked up at once: of each user the longest unchanged first. Users without one are absent from
  /// the answer.
  ///
  /// - Parameters:
  ///   - olderThan: only marks that have been unchanged for so many milliseconds, by the store's clock; 0 for all.
  ///   - limit: at most that many of each user; at least 1.
  func dirtyMarks(
    of users: [UserID], olderThan: UInt64, limit: Int
  ) async throws(StoreError) -> [UserID: [DirtyMark]]

  /// Removes marks of users, each if it still has that time and its lease is over: a mark set since then stays.
  ///
  /// - Returns: those that this call removed.
  func clearDirty(_ marks: [UserID: [DirtyMark]]) async throws(StoreError) -> [UserID: [DirtyMark]]

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
  ///
  /// What is not known yet: a group refuses the message of who is no member (`.notAMember`, remembered like any refusal), a
  /// private conversation any message while one of the two blocks the other (`.blocked`, the same; `ContactStore`), and a mark
  /// whose lease is over is answered with `.staleMark`.
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

  /// The places of the logs' last entries, also of trimmed ones, looked up at once. Logs without an entry are absent from
  /// the answer.
  func tails(of conversations: [Conversation]) async throws(StoreError) -> [Conversation: LogPosition]

  /// Where logs end, and how they came there, looked up at once. Logs without an entry are absent from the answer.
  ///
  /// - Parameter conversations: each with the users of whom the last own entry is wanted.
  func ends(
    of conversations: [Conversation: Set<UserID>]
  ) async throws(StoreError) -> [Conversation: LogEnd]
}

extension MessageLog {
  /// Removes one mark of a user if it still has that time and its lease is over.
  ///
  /// - Returns: whether this call removed it.
  public func clearDirty(_ mark: DirtyMark, of user: UserID) async throws(StoreError) -> Bool {
    try await !self.clearDirty([user: [mark]]).isEmpty
  }

  /// The place of a log's last entry; `nil` for a log without any.
  public func tail(of conversation: Conversation) async throws(StoreError) -> LogPosition? {
    try await self.tails(of: [conversation])[conversation]
  }
}
