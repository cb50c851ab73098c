extension Stores {
  /// Stores that live and die with the process, for one process with everything in it.
  ///
  /// - Parameters:
  ///   - limits: how much the message log remembers.
  ///   - clock: tells the stores' time.
  public static func inMemory(
    limits: MessageLogLimits = .defaults, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) -> Self {
    Self(
      accounts: InMemoryAccountStore(), logins: InMemoryLoginStore(),
      sessions: InMemorySessionStore(clock: clock), log: InMemoryMessageLog(limits: limits, clock: clock))
  }
}
