import CIMClient

/// What a person wants to know of the connection.
enum ConnectionNews: Hashable, Sendable {
  /// Connected for the first time: these lines, or else the usual notice.
  case connected
  case greeting([String])
  /// The first attempt has failed; others follow.
  case notYet(reason: String)
  /// It was lost, and is being made anew.
  case lost(reason: String)
  /// It is there again, after so long.
  case back(after: Duration)
  /// It will not be there again.
  case failed(ClientError)
}

/// Tells of each loss of the connection once, and of its return, however many attempts lie between.
struct ConnectionStory {
  private let greeting: [String]?
  private var wasReady = false
  private var lostAt: ContinuousClock.Instant?

  /// Begins before the first attempt.
  ///
  /// - Parameter greeting: Lines for the first connection, in place of the usual notice.
  init(greeting: [String]?) {
    self.greeting = greeting
  }

  /// The connection changed.
  ///
  /// - Returns: what is new; `nil` when nothing is.
  mutating func news(of state: ChatClient.State, now: ContinuousClock.Instant) -> ConnectionNews? {
    switch state {
    case .initialized, .connecting, .closed: return nil
    case .failed(let error): return .failed(error)
    case .ready:
      defer {
        self.wasReady = true
        self.lostAt = nil
      }
      guard self.wasReady else { return self.greeting.map(ConnectionNews.greeting) ?? .connected }
      return .back(after: self.lostAt.map { now - $0 } ?? .zero)
    case .reconnecting(let reason, _):
      guard self.lostAt == nil else { return nil }
      self.lostAt = now
      return self.wasReady ? .lost(reason: reason) : .notYet(reason: reason)
    }
  }
}
