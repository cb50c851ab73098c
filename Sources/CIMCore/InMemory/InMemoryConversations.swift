import Synchronization

/// The logs of all conversations, with groups' members: what message log and group store share.
final class InMemoryConversations: Sendable {
  let limits: MessageLogLimits
  private let identity: InMemoryIdentity
  private let clock: @Sendable () -> Timestamp
  private let logs = Mutex<[Conversation: ConversationLog]>([:])

  init(limits: MessageLogLimits, identity: InMemoryIdentity, clock: @escaping @Sendable () -> Timestamp) {
    self.limits = limits
    self.identity = identity
    self.clock = clock
  }

  /// The store's time.
  var now: Timestamp { self.clock() }

  /// Changes a conversation's log in one step.
  func change<Result>(
    _ conversation: Conversation, _ body: (inout ConversationLog, ConversationLog.Moment) -> sending Result
  ) -> sending Result {
    self.logs.withLock { logs in
      // Under the lock, so that the entries of a log are logged in the order of their times.
      let moment = ConversationLog.Moment(time: self.clock(), identity: self.identity.value)
      var log = logs[conversation] ?? ConversationLog(conversation, limits: self.limits)
      // Not in two places at once: appending to a shared buffer would copy it.
      logs[conversation] = nil
      let result = body(&log, moment)
      // A refusal that nobody has to remember leaves no log behind.
      if !log.isVacant { logs[conversation] = log }
      return result
    }
  }

  /// Looks at a conversation's log; `body` gets none for one that nothing was appended to.
  func read<Result>(
    _ conversation: Conversation, _ body: (ConversationLog?) -> sending Result
  ) -> sending Result {
    self.logs.withLock { body($0[conversation]) }
  }

  /// All logs as they are, to be put back.
  func copy() -> [Conversation: ConversationLog] { self.logs.withLock { $0 } }

  /// Puts logs in the place of all there are.
  func replace(with copy: [Conversation: ConversationLog]) { self.logs.withLock { $0 = copy } }
}
