import Synchronization

/// Contacts that live and die with the process. Who blocks whom is kept with the conversation of the two.
public final class InMemoryContactStore: ContactStore {
  struct Contacts: Sendable {
    var notes: [UserID: [UserPair: Timestamp]] = [:]
    var blocked: [UserID: Set<UserID>] = [:]
  }

  private let conversations: InMemoryConversations
  private let contacts = Mutex(Contacts())

  init(_ conversations: InMemoryConversations) {
    self.conversations = conversations
  }

  public func note(_ pair: UserPair) async throws(StoreError) {
    let now = self.conversations.now
    self.contacts.withLock { contacts in
      for user in [pair.lower, pair.higher] { contacts.notes[user, default: [:]][pair] = now }
    }
  }

  public func contacts(of user: UserID) async throws(StoreError) -> [UserPair: Timestamp] {
    self.contacts.withLock { $0.notes[user] ?? [:] }
  }

  public func forget(
    _ notes: [UserPair: Timestamp], of user: UserID, olderThan milliseconds: UInt64
  ) async throws(StoreError) {
    let now = self.conversations.now
    self.contacts.withLock { contacts in
      for (pair, notedAt) in notes
      where contacts.notes[user]?[pair] == notedAt && notedAt.isAtLeast(milliseconds, before: now) {
        contacts.notes[user]?[pair] = nil
      }
    }
  }

  public func block(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool {
    self.contacts.withLock { contacts in
      contacts.blocked[user, default: []].insert(other)
      return self.conversations.change(.direct(between: user, and: other)) { log, _ in
        log.blockers.insert(user).inserted
      }
    }
  }

  public func unblock(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool {
    self.contacts.withLock { contacts in
      contacts.blocked[user]?.remove(other)
      return self.conversations.change(.direct(between: user, and: other)) { log, _ in
        log.blockers.remove(user) != nil
      }
    }
  }

  public func blocked(
    by user: UserID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID] {
    let blocked = self.contacts.withLock { $0.blocked[user] ?? [] }
    return Array(blocked.filter { other in after.map { other > $0 } ?? true }.sorted().prefix(limit))
  }

  public func ping() async throws(StoreError) {}

  /// All contacts as they are, to be put back.
  func copy() -> Contacts { self.contacts.withLock { $0 } }

  /// Puts contacts in the place of all there are.
  func replace(with copy: Contacts) { self.contacts.withLock { $0 = copy } }
}
