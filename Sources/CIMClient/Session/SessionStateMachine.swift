import CIMCore
import CIMProtos
import NgRPC

/// Every decision of a client's connection: when to log in, what to send, when a connection is dead, when to give up.
///
/// It moves no bytes and reads no clock: inputs come with the time, and answer with actions that are to be carried out in
/// order. Attempts to connect are numbered, and what belongs to an earlier attempt is ignored, so late news of an old
/// connection never harms a new one.
struct SessionStateMachine {
  typealias Instant = ContinuousClock.Instant

  /// What is to be done.
  enum Action: Equatable {
    /// Log in, and answer with `loginSucceeded` or `loginFailed` within `Timeouts.login`. `avoiding` failed just now.
    case logIn(attempt: Int, avoiding: ServerID?)
    /// Open a connection with that login, begin with the hello, and answer with `received` and `connectionLost`.
    case open(attempt: Int, Grant, CimV1.Hello)
    /// Send a frame over the connection.
    case transmit(CimV1.ConnectRequest.Frame)
    /// Give up the attempt or the connection. `gracefully`: what was sent should still arrive.
    case disconnect(gracefully: Bool)
    /// Tell the application.
    case emit(ChatClient.Event)
    /// Answer a send.
    case resolve(Outbox.Resolution)
  }

  /// What a login gave.
  struct Grant: Equatable {
    let account: Account
    let token: String
    let server: ServerID
    let endpoint: Endpoint
  }

  /// What to connect with.
  struct Settings {
    var device: DeviceID
    var heartbeat = ChatClient.Heartbeat.defaults
    var reconnect = Backoff.Configuration.defaults
    var timeouts = ChatClient.Timeouts.defaults
    var unansweredSends = ChatClient.Limits.defaults.unansweredSends
  }

  enum Phase {
    case idle
    case loggingIn
    case opening(Grant, deadline: Instant)
    case ready(SessionHeartbeat)
    case waiting(until: Instant)
    case ended
  }

  /// How long received messages may stay unacknowledged, so that many share one acknowledgement.
  static let acknowledgementDelay: Duration = .milliseconds(200)

  /// A connection that lived this long was a good one: the backoff begins anew after it.
  static let stableAfter: Duration = .seconds(5)

  let settings: Settings
  var random: any RandomNumberGenerator & Sendable
  var phase = Phase.idle
  var attempt = 0
  var outbox: Outbox
  var inbox = Inbox()
  var backoff: Backoff
  /// The server that failed last: another is asked for.
  var avoid: ServerID?
  var acknowledgeAt: Instant?
  /// Set once the application wants to end: what is sent by then is given up.
  var closeDeadline: Instant?

  /// Who is logged in; `nil` before the first login.
  private(set) var account: Account?

  /// The last login's token; for calls to routes.
  private(set) var token: String?

  /// The longest text that the service takes, in bytes of UTF-8.
  private(set) var maxTextBytes = 65536
  /// How many properties the service takes with a message, and how many bytes of keys and values together.
  private static let maxProperties = 16
  private static let maxPropertyBytes = 4096

  init(
    settings: Settings, random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.settings = settings
    self.random = random
    self.outbox = Outbox(limit: settings.unansweredSends)
    self.backoff = Backoff(settings.reconnect)
  }

  /// Whether it is over: nothing will ever happen any more.
  var hasEnded: Bool {
    if case .ended = self.phase { true } else { false }
  }

  /// When to call `timePassed`, if no other input comes first.
  var nextDeadline: Instant? {
    let ofPhase: Instant? =
      switch self.phase {
      // A login is answered within its own time.
      case .idle, .loggingIn, .ended: nil
      case .opening(_, let deadline): deadline
      case .waiting(let until): until
      case .ready(let heartbeat):
        [heartbeat.nextDeadline, self.acknowledgeAt, self.outbox.nextRetry].compactMap(\.self).min()
      }
    return [ofPhase, self.closeDeadline].compactMap(\.self).min()
  }

  // MARK: The application

  /// Begins to connect. Later calls do nothing.
  mutating func start(now: Instant) -> [Action] {
    guard case .idle = self.phase else { return [] }
    return [.emit(.state(.connecting)), self.logIn()]
  }

  /// Sends a message, now or once there is a connection.
  mutating func send(_ content: CimV1.Content, to destination: Destination, ticket: SendTicket, now: Instant)
    -> [Action]
  {
    do throws(SendError) {
      try self.enqueue(content, to: destination, ticket: ticket)
      return self.flush(now: now)
    } catch {
      return [.resolve(Outbox.Resolution(ticket: ticket, outcome: .refused(error)))]
    }
  }

  /// Ends as soon as every message is answered, at the latest at `deadline`.
  mutating func close(deadline: Instant, now: Instant) -> [Action] {
    guard !self.hasEnded else { return [] }
    self.closeDeadline = min(deadline, self.closeDeadline ?? deadline)
    return self.endIfDone(now: now)
  }

  private mutating func enqueue(
    _ content: CimV1.Content, to destination: Destination, ticket: SendTicket
  ) throws(SendError) {
    guard !self.hasEnded, self.closeDeadline == nil else {
      throw SendError(.closed, "the client is closed: make a new one")
    }
    guard let account = self.account else {
      throw SendError(.notConnected, "not connected yet: send again when the client is ready")
    }
    if case .text(let text)? = content.kind {
      guard !text.isEmpty else { throw SendError(.invalid, "the text is empty") }
      guard text.utf8.count <= self.maxTextBytes else {
        throw SendError(
          .invalid, "the text has \(text.utf8.count) bytes, the service takes at most \(self.maxTextBytes)")
      }
    }
    try Self.check(content.properties)
    try self.outbox.enqueue(
      content, to: destination.conversation(from: account.id), ticket: ticket, using: &self.random)
  }

  /// Too many properties are refused here: too large a frame would cost the connection, again with each transmission.
  private static func check(_ properties: [String: String]) throws(SendError) {
    guard properties.count <= Self.maxProperties else {
      throw SendError(
        .invalid, "there are \(properties.count) properties, the service takes at most \(Self.maxProperties)")
    }
    let bytes = properties.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= Self.maxPropertyBytes else {
      throw SendError(
        .invalid, "the properties have \(bytes) bytes, the service takes at most \(Self.maxPropertyBytes)")
    }
  }

  // MARK: Login

  mutating func loginSucceeded(_ grant: Grant, attempt: Int, now: Instant) -> [Action] {
    guard case .loggingIn = self.phase, attempt == self.attempt else { return [] }
    self.account = grant.account
    self.token = grant.token
    self.phase = .opening(grant, deadline: now + self.settings.timeouts.welcome)
    let hello = CimV1.Hello(
      deviceID: self.settings.device.rawValue, protocolVersion: 1, cursors: self.inbox.cursors)
    return [.open(attempt: attempt, grant, hello)]
  }

  mutating func loginFailed(_ failure: ConnectionFailure, attempt: Int, now: Instant) -> [Action] {
    guard case .loggingIn = self.phase, attempt == self.attempt else { return [] }
    return self.recover(from: failure, avoiding: nil, now: now)
  }

  // MARK: Connection

  /// The connection ended, or could not be opened.
  mutating func connectionLost(_ failure: ConnectionFailure, attempt: Int, now: Instant) -> [Action] {
    guard attempt == self.attempt else { return [] }
    switch self.phase {
    case .opening(let grant, _):
      return self.recover(from: failure, avoiding: grant.server, now: now)
    case .ready(let heartbeat):
      return self.recover(from: failure, avoiding: heartbeat.server, now: now)
    case .idle, .loggingIn, .waiting, .ended:
      return []
    }
  }

  /// The connection is open.
  mutating func welcome(_ welcome: CimV1.Welcome, now: Instant) -> [Action] {
    guard case .opening(let grant, _) = self.phase else { return [] }
    self.avoid = nil
    self.maxTextBytes = welcome.maxTextBytes > 0 ? Int(welcome.maxTextBytes) : self.maxTextBytes
    self.phase = .ready(
      SessionHeartbeat(server: grant.server, settings: self.settings.heartbeat, welcome: welcome, now: now))
    return [.emit(.state(.ready(grant.server)))] + self.flush(now: now)
  }

  // MARK: Time

  /// A deadline may have passed.
  mutating func timePassed(now: Instant) -> [Action] {
    if let closeDeadline, now >= closeDeadline { return self.end(.closed, gracefully: true) }
    switch self.phase {
    case .idle, .loggingIn, .ended:
      return []
    case .waiting(let until):
      return now >= until ? [self.logIn()] : []
    case .opening(let grant, let deadline):
      guard now >= deadline else { return [] }
      return self.recover(
        from: .transient("server \(grant.server) did not answer in time"), avoiding: grant.server, now: now)
    case .ready(let heartbeat):
      return self.timePassed(heartbeat, now: now)
    }
  }

  private mutating func timePassed(_ heartbeat: SessionHeartbeat, now: Instant) -> [Action] {
    if let failure = heartbeat.failure(now: now) {
      return self.recover(from: failure, avoiding: heartbeat.server, now: now)
    }
    var actions = self.flush(now: now)
    if let acknowledgeAt, now >= acknowledgeAt { actions += self.acknowledge(now: now) }
    if case .ready(var heartbeat) = self.phase, let ping = heartbeat.ping(now: now) {
      self.phase = .ready(heartbeat)
      actions.append(.transmit(.ping(ping)))
    }
    return actions
  }

  // MARK: Transitions

  private mutating func logIn() -> Action {
    self.attempt += 1
    self.phase = .loggingIn
    return .logIn(attempt: self.attempt, avoiding: self.avoid)
  }

  /// The attempt or the connection failed: tries again later, or gives up when that would not help.
  mutating func recover(from failure: ConnectionFailure, avoiding server: ServerID?, now: Instant) -> [Action]
  {
    if case .final(let error) = failure { return self.end(.failed(error), gracefully: false) }
    if case .ready(let heartbeat) = self.phase, now - heartbeat.since >= Self.stableAfter {
      self.backoff.reset()
    }
    self.avoid = server ?? self.avoid
    self.attempt += 1
    self.outbox.connectionLost()
    self.acknowledgeAt = nil
    let delay = self.backoff.next(using: &self.random)
    self.phase = .waiting(until: now + delay)
    return [
      .disconnect(gracefully: false),
      .emit(.state(.reconnecting(reason: failure.description, delay: delay))),
    ]
  }

  mutating func end(_ state: ChatClient.State, gracefully: Bool) -> [Action] {
    var actions: [Action] = []
    if case .ready = self.phase, gracefully, self.inbox.hasUnacknowledged {
      actions.append(.transmit(.ack(CimV1.Ack(cursors: self.inbox.takeUnacknowledged()))))
    }
    self.phase = .ended
    self.attempt += 1
    self.closeDeadline = nil
    actions += self.outbox.close().map(Action.resolve)
    return actions + [.disconnect(gracefully: gracefully), .emit(.state(state))]
  }

  mutating func endIfDone(now: Instant) -> [Action] {
    guard let closeDeadline, self.outbox.count == 0 || now >= closeDeadline else { return [] }
    return self.end(.closed, gracefully: true)
  }

  /// Sends what may go now.
  mutating func flush(now: Instant) -> [Action] {
    guard case .ready(var heartbeat) = self.phase else { return [] }
    let sends = self.outbox.transmissions(now: now)
    if !sends.isEmpty {
      heartbeat.sent(now: now)
      self.phase = .ready(heartbeat)
    }
    return sends.map { .transmit(.send($0)) }
  }

  private mutating func acknowledge(now: Instant) -> [Action] {
    self.acknowledgeAt = nil
    guard case .ready(var heartbeat) = self.phase, self.inbox.hasUnacknowledged else { return [] }
    heartbeat.sent(now: now)
    self.phase = .ready(heartbeat)
    return [.transmit(.ack(CimV1.Ack(cursors: self.inbox.takeUnacknowledged())))]
  }
}
