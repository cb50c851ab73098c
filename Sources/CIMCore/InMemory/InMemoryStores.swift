/// Stores that live and die with the process, and what a test can have happen to them.
public struct InMemoryStores: Sendable {
  /// The stores as they were at some moment.
  public struct Copy: Sendable {
    fileprivate let conversations: [Conversation: ConversationLog]
    fileprivate let marks: InMemoryMessageLog.Marks
    fileprivate let cursors: [UserID: InMemoryCursorStore.UserCursors]
    fileprivate let sessions: InMemorySessionStore.State
    fileprivate let delayed: DelayedTable
    fileprivate let reads: InMemoryReadMarkStore.Marks
    fileprivate let contacts: InMemoryContactStore.Contacts
  }

  /// The stores.
  public let stores: Stores

  private let identity = InMemoryIdentity()
  private let conversations: InMemoryConversations
  private let log: InMemoryMessageLog
  private let cursors = InMemoryCursorStore()
  private let sessions: InMemorySessionStore
  private let delayed: InMemoryDelayedStore
  private let reads = InMemoryReadMarkStore()
  private let contacts: InMemoryContactStore

  /// Creates empty stores.
  ///
  /// - Parameters:
  ///   - limits: how much the message log remembers.
  ///   - delayed: how many delayed messages are kept, and for how long.
  ///   - clock: tells the stores' time.
  public init(
    limits: MessageLogLimits = .defaults, delayed: DelayedLimits = .defaults,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.conversations = InMemoryConversations(limits: limits, identity: self.identity, clock: clock)
    self.log = InMemoryMessageLog(self.conversations)
    self.sessions = InMemorySessionStore(identity: self.identity, clock: clock)
    self.delayed = InMemoryDelayedStore(limits: delayed, clock: clock)
    self.contacts = InMemoryContactStore(self.conversations)
    self.stores = Stores(
      accounts: InMemoryAccountStore(), logins: InMemoryLoginStore(clock: clock), sessions: self.sessions,
      log: self.log, cursors: self.cursors, groups: InMemoryGroupStore(self.conversations),
      delayed: self.delayed, reads: self.reads, contacts: self.contacts,
      limits: InMemoryTokenStore(clock: clock))
  }

  /// What a replica would have at this moment: all but accounts and logins.
  public func copy() -> Copy {
    Copy(
      conversations: self.conversations.copy(), marks: self.log.copy(), cursors: self.cursors.copy(),
      sessions: self.sessions.copy(), delayed: self.delayed.copy(), reads: self.reads.copy(),
      contacts: self.contacts.copy())
  }

  /// Becomes another store, as after a failover: one that has lost nothing, or one that has what `copy` has.
  public func failOver(to copy: Copy? = nil) {
    if let copy {
      self.conversations.replace(with: copy.conversations)
      self.log.replace(with: copy.marks)
      self.cursors.replace(with: copy.cursors)
      self.sessions.replace(with: copy.sessions)
      self.delayed.replace(with: copy.delayed)
      self.reads.replace(with: copy.reads)
      self.contacts.replace(with: copy.contacts)
    }
    self.identity.value = "memory-\(UInt64.random(in: .min ... .max))"
  }
}

extension Stores {
  /// Stores that live and die with the process, for one process with everything in it.
  ///
  /// - Parameters:
  ///   - limits: how much the message log remembers.
  ///   - delayed: how many delayed messages are kept, and for how long.
  ///   - clock: tells the stores' time.
  public static func inMemory(
    limits: MessageLogLimits = .defaults, delayed: DelayedLimits = .defaults,
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) -> Self {
    InMemoryStores(limits: limits, delayed: delayed, clock: clock).stores
  }
}
