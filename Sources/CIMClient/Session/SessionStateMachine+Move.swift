import CIMCore
import CIMProtos
import NgRPC

extension SessionStateMachine {
  /// The way from a server that is going away to another. The old connection is used until the new one is open, so that the
  /// client is away for no longer than the service takes to hand its session over.
  struct Move {
    /// The old connection's attempt.
    let attempt: Int
    /// When the server closes the old connection.
    let deadline: Instant
    /// When it ended; `nil` while it is open.
    var endedAt: Instant?
    /// Whether the next server is one that the old one has suggested, and not a login's.
    var isSuggested: Bool

    var isOpen: Bool { self.endedAt == nil }
    var nextDeadline: Instant? { self.isOpen ? self.deadline : nil }
  }

  /// The attempt whose connection carries messages; `nil` when there is none.
  var openAttempt: Int? {
    if case .ready = self.phase { return self.attempt }
    return self.move.flatMap { $0.isOpen ? $0.attempt : nil }
  }

  /// The server wants to be left.
  mutating func received(_ drain: CimV1.Drain, now: Instant) -> [Action] {
    guard case .ready(let heartbeat) = self.phase, let account, let token else { return [] }
    var move = Move(
      attempt: self.attempt, deadline: now + .milliseconds(Int(drain.withinMs)), isSuggested: false)
    self.backoff.reset()
    guard let server = drain.server, let id = try? ServerID(server.id), (1...65535).contains(server.port)
    else {
      self.move = move
      self.avoid = heartbeat.server
      return [self.logIn()]
    }
    move.isSuggested = true
    self.move = move
    self.attempt += 1
    let endpoint = Endpoint(host: server.host, port: Int(server.port))
    return [self.open(Grant(account: account, token: token, server: id, endpoint: endpoint), now: now)]
  }

  /// A suggested server can't be had: a route knows another.
  ///
  /// - Returns: `nil` when it was not a suggested one.
  mutating func logInInstead(of server: ServerID) -> [Action]? {
    guard self.move?.isSuggested == true else { return nil }
    self.move?.isSuggested = false
    self.avoid = server
    return [.disconnect(attempt: self.attempt, gracefully: false), self.logIn()]
  }

  /// The connection that is being left has ended by itself.
  mutating func oldConnectionLost(attempt: Int, now: Instant) -> [Action] {
    guard attempt == self.move?.attempt, self.move?.isOpen == true else { return [] }
    self.move?.endedAt = now
    let disconnect = Action.disconnect(attempt: attempt, gracefully: false)
    // A new one is being made.
    guard case .waiting(let until, let reason) = self.phase else { return [disconnect] }
    self.move = nil
    self.awaySince = now
    self.outbox.connectionLost()
    self.inbox.connectionLost()
    return [disconnect, .emit(.state(.reconnecting(reason: reason, delay: until - now)))]
  }

  /// The server that is being left waits no longer.
  mutating func leaveInTime(now: Instant) -> [Action] {
    guard let move, move.isOpen, now >= move.deadline else { return [] }
    return self.oldConnectionLost(attempt: move.attempt, now: now)
  }

  /// The new connection is open.
  mutating func arrive(at server: ServerID, now: Instant) -> [Action] {
    defer { self.awaySince = nil }
    guard let move = self.move.take() else {
      if let awaySince {
        self.counters.reconnects += 1
        self.counters.lastAway = now - awaySince
      }
      return [.emit(.state(.ready(server)))]
    }
    // What is under way on the old one goes again.
    self.outbox.connectionLost()
    self.inbox.connectionLost()
    self.counters.moves += 1
    self.counters.lastAway = move.endedAt.map { now - $0 } ?? .zero
    return [
      .disconnect(attempt: move.attempt, gracefully: false),
      .emit(.moved(to: server, away: self.counters.lastAway)),
    ]
  }
}
