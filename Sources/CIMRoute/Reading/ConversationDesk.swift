import CIMCore

/// Lists users' conversations.
struct ConversationDesk: Sendable {
  /// A note of a private conversation without a log behind it is kept for so long: something may be about to be said.
  private static let emptyMilliseconds: UInt64 = 24 * 3_600_000

  let stores: Stores

  /// A user's private conversations and groups, the one in which something was said last first.
  ///
  /// The store is asked for the ends of all of them, in one batch, whichever part is wanted.
  ///
  /// - Parameters:
  ///   - place: only what follows it; nil begins with the first.
  ///   - limit: at most that many; at least 1.
  func conversations(
    of user: UserID, after place: ConversationPlace?, limit: Int
  ) async throws(StoreError) -> [ConversationLine] {
    let notes = try await stores.contacts.contacts(of: user)
    let joins = try await stores.groups.groups(of: user)
    let marks = try await stores.reads.marks(of: [user])[user] ?? [:]
    var all: [Conversation: LogPosition?] = [:]
    for pair in notes.keys { all[.direct(pair)] = .some(nil) }
    for (group, joined) in joins { all[.group(group)] = joined }
    let ends = try await stores.log.ends(of: all.mapValues { _ in [user] })
    let empty = notes.filter { ends[.direct($0.key)] == nil }
    if !empty.isEmpty {
      try await stores.contacts.forget(empty, of: user, olderThan: Self.emptyMilliseconds)
    }
    let lines = all.compactMap { conversation, joined in
      ends[conversation].map { end in
        ConversationLine(conversation, of: user, end: end, read: marks[conversation], joined: joined)
      }
    }
    let rest = lines.filter { line in place.map { $0 < line.place } ?? true }
    return Array(rest.sorted { $0.place < $1.place }.prefix(limit))
  }

  /// The last entries of logs, as far as they are kept.
  func lastEntries(
    of conversations: [Conversation]
  ) async throws(StoreError) -> [Conversation: LogEntry] {
    let log = stores.log
    let results = await withTaskGroup(of: Result<LogEntry?, StoreError>.self) { group in
      for conversation in conversations {
        group.addTask {
          let result: Result<LogEntry?, StoreError>
          do throws(StoreError) {
            result = .success(try await log.read(conversation, before: nil, limit: 1).last)
          } catch {
            result = .failure(error)
          }
          return result
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var entries: [Conversation: LogEntry] = [:]
    for result in results {
      if let entry = try result.get() { entries[entry.conversation] = entry }
    }
    return entries
  }
}
