/// What becomes of a client's sessions, one after the other. It has no I/O and no clock.
struct SessionLifecycle {
  /// What the client is to do.
  enum Action: Hashable {
    case nothing
    /// Tell the new state.
    case publish
    /// Tell the new state, and close the session and begin another at once.
    case replace
    /// Tell the new state, and close the session and begin another after a pause.
    case replaceLater
  }

  /// How the client stands.
  private(set) var state = SessionState.connecting

  /// Counts the sessions: events of an earlier one are ignored.
  private(set) var generation = 1

  mutating func handle(_ event: SessionHandle.Event, of generation: Int) -> Action {
    guard generation == self.generation, self.state != .closed else { return .nothing }
    switch event {
    case .connected(let id):
      return self.enter(.connected(id))
    case .disconnected:
      // Until the first connection of a new session, that the old one expired is the news.
      guard case .connected = self.state else { return .nothing }
      return self.enter(.connecting)
    case .expired:
      self.generation += 1
      guard let id = self.lastSession else { return .replace }
      self.state = .expired(id)
      return .replace
    case .authenticationFailed:
      self.generation += 1
      self.state = .authenticationFailed
      return .replaceLater
    }
  }

  /// Ends it all.
  ///
  /// - Returns: false when it had ended before.
  mutating func close() -> Bool {
    self.generation += 1
    return self.enter(.closed) == .publish
  }

  /// The id of the session that was connected last, of which an expiry tells.
  private var lastSession: SessionID?

  private mutating func enter(_ state: SessionState) -> Action {
    if case .connected(let id) = state { self.lastSession = id }
    guard state != self.state else { return .nothing }
    self.state = state
    return .publish
  }
}
