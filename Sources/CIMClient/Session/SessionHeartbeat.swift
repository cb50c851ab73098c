import CIMCore
import CIMProtos

/// The clockwork of one open connection: when to show a sign of life, when to take the peer for dead.
struct SessionHeartbeat {
  typealias Instant = ContinuousClock.Instant

  /// The server at the other end.
  let server: ServerID

  /// When the connection was open.
  let since: Instant

  private let pingInterval: Duration
  private let idleTimeout: Duration
  private var lastSent: Instant
  private var lastReceived: Instant
  private var nonce: UInt64 = 0

  /// Begins with the server's welcome. A server's ping interval counts when it is the shorter one.
  init(server: ServerID, settings: ChatClient.Heartbeat, welcome: CimV1.Welcome, now: Instant) {
    self.server = server
    self.since = now
    self.lastSent = now
    self.lastReceived = now
    self.idleTimeout = settings.idleTimeout
    self.pingInterval =
      welcome.pingIntervalMs > 0
      ? min(settings.pingInterval, .milliseconds(Int(welcome.pingIntervalMs))) : settings.pingInterval
  }

  /// When something is due next.
  var nextDeadline: Instant {
    min(self.lastSent + self.pingInterval, self.lastReceived + self.idleTimeout)
  }

  mutating func sent(now: Instant) { self.lastSent = now }

  mutating func received(now: Instant) { self.lastReceived = now }

  /// Why the connection is to be given up, if it is.
  func failure(now: Instant) -> ConnectionFailure? {
    guard now >= self.lastReceived + self.idleTimeout else { return nil }
    return .transient(
      "nothing was heard of server \(self.server) for \(self.idleTimeout.components.seconds) s")
  }

  /// The ping that is due, if one is; it counts as sent.
  mutating func ping(now: Instant) -> CimV1.Ping? {
    guard now >= self.lastSent + self.pingInterval else { return nil }
    self.lastSent = now
    self.nonce += 1
    return CimV1.Ping(nonce: self.nonce)
  }
}
