import Synchronization

/// A message log that lives and dies with the process. It keeps the newest entries of each conversation.
public final class InMemoryMessageLog: MessageLog {
  typealias Marks = [UserID: [Conversation: Timestamp]]

  private let conversations: InMemoryConversations
  private let dirty = Mutex<Marks>([:])

  init(_ conversations: InMemoryConversations) {
    self.conversations = conversations
  }

  public func markDirty(
    _ conversation: Conversation, for users: [UserID]
  ) async throws(StoreError) -> Timestamp? {
    let now = self.conversations.now.milliseconds
    return self.dirty.withLock { dirty in
      var earliest: Timestamp?
      for user in users {
        let replaced = dirty[user]?[conversation]?.milliseconds ?? 0
        let mark = Timestamp(milliseconds: max(now, replaced + 1))
        dirty[user, default: [:]][conversation] = mark
        earliest = min(earliest ?? mark, mark)
      }
      return earliest
    }
  }

  public func dirtyMarks(
    of users: [UserID], olderThan: UInt64, limit: Int
  ) async throws(StoreError) -> [UserID: [DirtyMark]] {
    let now = self.conversations.now
    let found = self.dirty.withLock { dirty in
      users.reduce(into: [:]) { found, user in found[user] = dirty[user] }
    }
    return found.compactMapValues { marks in
      let old =
        marks
        .filter { $0.value.isAtLeast(olderThan, before: now) }
        .map {
          DirtyMark(
            conversation: $0.key, markedAt: $0.value, isPastLease: self.isPastLease($0.value, at: now))
        }
        .sorted { $0.markedAt < $1.markedAt }
        .prefix(limit)
      return old.isEmpty ? nil : Array(old)
    }
  }

  public func clearDirty(_ marks: [UserID: [DirtyMark]]) async throws(StoreError) -> [UserID: [DirtyMark]] {
    let now = self.conversations.now
    return self.dirty.withLock { dirty in
      var removed: [UserID: [DirtyMark]] = [:]
      for (user, marks) in marks {
        for mark in marks
        where dirty[user]?[mark.conversation] == mark.markedAt && self.isPastLease(mark.markedAt, at: now) {
          dirty[user]?[mark.conversation] = nil
          removed[user, default: []].append(mark)
        }
        if dirty[user]?.isEmpty == true { dirty[user] = nil }
      }
      return removed
    }
  }

  public func append(_ append: Append) async throws(StoreError) -> AppendOutcome {
    self.conversations.change(append.conversation) { log, moment in log.append(append, at: moment) }
  }

  public func read(
    _ conversation: Conversation, before: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    self.conversations.read(conversation) { $0?.entries(before: before, limit: limit) ?? [] }
  }

  public func read(
    _ conversation: Conversation, after: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    self.conversations.read(conversation) { $0?.entries(after: after, limit: limit) ?? [] }
  }

  public func tails(of conversations: [Conversation]) async throws(StoreError) -> [Conversation: LogPosition]
  {
    conversations.reduce(into: [:]) { tails, conversation in
      tails[conversation] = self.conversations.read(conversation) { $0?.tail }
    }
  }

  public func ends(
    of conversations: [Conversation: Set<UserID>]
  ) async throws(StoreError) -> [Conversation: LogEnd] {
    conversations.reduce(into: [:]) { ends, asked in
      ends[asked.key] = self.conversations.read(asked.key) { $0?.end(for: asked.value) }
    }
  }

  public func ping() async throws(StoreError) {}

  private func isPastLease(_ mark: Timestamp, at now: Timestamp) -> Bool {
    let limits = self.conversations.limits
    return now.milliseconds >= mark.milliseconds + limits.markLeaseMilliseconds
      + limits.clockToleranceMilliseconds
  }

  /// All marks as they are, to be put back.
  func copy() -> Marks { self.dirty.withLock { $0 } }

  /// Puts marks in the place of all there are.
  func replace(with copy: Marks) { self.dirty.withLock { $0 = copy } }
}
