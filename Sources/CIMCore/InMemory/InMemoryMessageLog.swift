import Synchronization

/// A message log that lives and dies with the process. It keeps the newest entries of each conversation.
public final class InMemoryMessageLog: MessageLog {
  private let logs = Mutex<[Conversation: ConversationLog]>([:])
  private let dirty = Mutex<[UserID: [Conversation: Timestamp]]>([:])
  private let limits: MessageLogLimits
  private let clock: @Sendable () -> Timestamp

  /// Creates an empty log.
  ///
  /// - Parameters:
  ///   - limits: how much it remembers.
  ///   - clock: tells the store's time.
  public init(
    limits: MessageLogLimits = .defaults, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.limits = limits
    self.clock = clock
  }

  public func markDirty(_ conversation: Conversation, for users: [UserID]) async throws(StoreError) {
    let now = self.clock().milliseconds
    self.dirty.withLock { dirty in
      for user in users {
        let earlier = dirty[user]?[conversation]?.milliseconds ?? 0
        dirty[user, default: [:]][conversation] = Timestamp(milliseconds: max(now, earlier + 1))
      }
    }
  }

  public func dirtyMarks(of user: UserID, limit: Int) async throws(StoreError) -> [DirtyMark] {
    let marks = self.dirty.withLock { $0[user] ?? [:] }
    return Array(
      marks.map { DirtyMark(conversation: $0.key, markedAt: $0.value) }
        .sorted { $0.markedAt < $1.markedAt }
        .prefix(limit))
  }

  public func clearDirty(_ mark: DirtyMark, of user: UserID) async throws(StoreError) -> Bool {
    self.dirty.withLock { dirty in
      guard dirty[user]?[mark.conversation] == mark.markedAt else { return false }
      dirty[user]?[mark.conversation] = nil
      if dirty[user]?.isEmpty == true { dirty[user] = nil }
      return true
    }
  }

  public func append(_ append: Append) async throws(StoreError) -> AppendOutcome {
    self.logs.withLock { logs in
      // Under the lock, so that the entries of a log are logged in the order of their times.
      let now = self.clock()
      let conversation = append.conversation
      defer {
        // A refusal that nobody has to remember leaves no log behind.
        if logs[conversation]?.isVacant == true { logs[conversation] = nil }
      }
      return logs[conversation, default: ConversationLog(conversation, limits: self.limits, began: now)]
        .append(append, at: now)
    }
  }

  public func read(
    _ conversation: Conversation, before: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    self.logs.withLock { $0[conversation]?.entries(before: before, limit: limit) ?? [] }
  }

  public func read(
    _ conversation: Conversation, after: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    self.logs.withLock { $0[conversation]?.entries(after: after, limit: limit) ?? [] }
  }

  public func tail(of conversation: Conversation) async throws(StoreError) -> LogPosition? {
    self.logs.withLock { $0[conversation]?.tail }
  }

  public func ping() async throws(StoreError) {}
}
