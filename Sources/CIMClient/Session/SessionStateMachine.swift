import CIMCore
import CIMProtos
import NgRPC

/// Every decision of a client's connection: when to log in, what to send, when a connection is dead, when to give up.
///
/// It moves no bytes and reads no clock: inputs come with the time, and answer with actions that are to be carried out in
/// order, after the changes (`takeChanges`) were stored. Attempts to connect are numbered, and what belongs to an earlier attempt
/// is ignored, so late news of an old connection never harms a new one.
struct SessionStateMachine {
  typealias Instant = ContinuousClock.Instant

  /// What is to be done.
  enum Action: Equatable {
    /// Log in, and answer with `loginSucceeded` or `loginFailed` within `Timeouts.login`. `avoiding` failed just now.
    case logIn(attempt: Int, ChatClient.Identity, avoiding: ServerID?)
    /// Open a connection with that login, begin with the hello, and answer with `received` and `connectionLost`.
    case open(attempt: Int, Grant, CimV1.Hello)
    /// Send a frame over the connection of that attempt.
    case transmit(CimV1.ConnectRequest.Frame, attempt: Int)
    /// Give up that attempt or its connection. `gracefully`: what was sent should still arrive.
    case disconnect(attempt: Int, gracefully: Bool)
    /// Have the storage survive the machine's death, and answer with `synchronized`.
    case synchronize
    /// The same, and wait for it; then send the acknowledgement, if there is one. The client is about to end.
    case synchronizeLast(CimV1.Ack?, attempt: Int)
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
    var identity: ChatClient.Identity
    var heartbeat = ChatClient.Heartbeat.defaults
    var reconnect = Backoff.Configuration.defaults
    var timeouts = ChatClient.Timeouts.defaults
    var limits = ChatClient.Limits.defaults
  }

  enum Phase {
    case idle
    case loggingIn
    case opening(Grant, deadline: Instant)
    case ready(SessionHeartbeat)
    case waiting(until: Instant, reason: String)
    case ended
  }

  /// How long what is stored may wait for the disk and for its acknowledgement, so that much shares one of each.
  static let synchronizationDelay: Duration = .milliseconds(200)

  /// How long after it was given up an attempt may still come through, with whoever hung on the way.
  static let stragglerTime: Duration = .seconds(60)

  /// A connection that lived this long was a good one: the backoff begins anew after it.
  static let stableAfter: Duration = .seconds(5)

  let settings: Settings
  let device: DeviceID
  let producerPrefix: String
  var random: any RandomNumberGenerator & Sendable
  var phase = Phase.idle
  var attempt = 0
  var outbox: Outbox
  var inbox: Inbox
  var reads = ReadMarks()
  /// When to send what the service has not been told of what the user has read.
  var readAt: Instant?
  var backoff: Backoff
  /// The way from a server that is going away to another.
  var move: Move?
  /// The server that failed last: another is asked for.
  var avoid: ServerID?
  /// When an attempt was given up that was on its way to a session: the service may still open it, in the place of a later one's.
  var abandonedAt: Instant?
  /// When the service opened the connection that is in use, or was used last, by the store's clock.
  var connectedAt: Timestamp?
  /// Since when there has been no connection, after there was one.
  var awaySince: Instant?
  var counters = ChatClient.Counters()
  /// Set once the application wants to end: what is sent by then is given up.
  var closeDeadline: Instant?

  /// How many received events the application has room for.
  var room = 0

  /// When to have the disk have what was stored.
  var synchronizeAt: Instant?
  var synchronizing: [CimV1.Cursor]?

  /// Who is logged in; `nil` before the first login that the storage knows of.
  private(set) var account: Account?

  /// The last login's token; for calls to routes.
  private(set) var token: String?

  /// The longest text that the service takes, in bytes of UTF-8.
  var maxTextBytes = 65536

  private var changes: [ClientChange] = []

  /// Begins with what is stored.
  init(
    settings: Settings, record: ClientRecord = ClientRecord(),
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
  ) {
    self.settings = settings
    self.random = random
    if let device = record.device {
      self.device = device
      self.producerPrefix = record.producerPrefix
    } else {
      self.device = .random()
      self.producerPrefix = ProducerID.randomPrefix()
    }
    self.account = record.account
    self.outbox = Outbox(
      limit: settings.limits.unansweredSends, producerPrefix: self.producerPrefix, restoring: record.unsent)
    self.inbox = Inbox(cursors: record.cursors)
    self.backoff = Backoff(settings.reconnect)
    if record.device == nil { self.changes = [.device(self.device, producerPrefix: self.producerPrefix)] }
  }

  /// Whether it is over: nothing will ever happen any more.
  var hasEnded: Bool {
    if case .ended = self.phase { true } else { false }
  }

  /// When to call `timePassed`, if no other input comes first.
  var nextDeadline: Instant? {
    guard !self.hasEnded else { return nil }
    let ofPhase: Instant? =
      switch self.phase {
      // A login is answered within its own time.
      case .idle, .loggingIn, .ended: nil
      case .opening(_, let deadline): deadline
      case .waiting(let until, _): until
      case .ready(let heartbeat): heartbeat.nextDeadline
      }
    let ofStorage = self.synchronizing == nil ? self.synchronizeAt : nil
    let ofOutbox = self.openAttempt == nil ? nil : self.outbox.nextRetry
    let ofReads = self.openAttempt == nil || !self.reads.hasUnsent ? nil : self.readAt
    return [ofPhase, ofStorage, ofOutbox, ofReads, self.move?.nextDeadline, self.closeDeadline].compactMap(
      \.self
    )
    .min()
  }

  /// What has changed since it was asked last, and is to be stored in one step.
  mutating func takeChanges() -> [ClientChange] {
    defer { self.changes.removeAll(keepingCapacity: true) }
    return self.changes + self.outbox.takeChanges()
  }

  /// Has a change be stored.
  mutating func note(_ change: ClientChange, now: Instant) {
    self.changes.append(change)
    self.synchronizeSoon(now: now)
  }

  // MARK: Login

  /// Begins to connect. Later calls do nothing.
  mutating func start(now: Instant) -> [Action] {
    guard case .idle = self.phase else { return [] }
    return [.emit(.state(.connecting)), self.logIn()]
  }

  mutating func logIn() -> Action {
    self.attempt += 1
    self.phase = .loggingIn
    // Once the account is known to this service, its name need not be looked up again.
    let identity = self.token == nil ? self.settings.identity : self.account.map(ChatClient.Identity.account)
    return .logIn(attempt: self.attempt, identity ?? self.settings.identity, avoiding: self.avoid)
  }

  mutating func loginSucceeded(_ grant: Grant, attempt: Int, now: Instant) -> [Action] {
    guard case .loggingIn = self.phase, attempt == self.attempt else { return [] }
    if let account, account != grant.account {
      return self.end(.failed(.foreign(account, grant.account)), now: now)
    }
    if self.account == nil { self.note(.account(grant.account), now: now) }
    self.account = grant.account
    self.token = grant.token
    return [self.open(grant, now: now)]
  }

  mutating func loginFailed(_ failure: ConnectionFailure, attempt: Int, now: Instant) -> [Action] {
    guard case .loggingIn = self.phase, attempt == self.attempt else { return [] }
    return self.recover(from: failure, avoiding: nil, now: now)
  }

  // MARK: Connection

  mutating func open(_ grant: Grant, now: Instant) -> Action {
    self.phase = .opening(grant, deadline: now + self.settings.timeouts.welcome)
    // The service takes no more than 10,000, and has its own note of the others.
    let cursors = self.inbox.cursors.prefix(10_000).map { CimV1.Cursor($0.key, $0.value) }
    return .open(
      attempt: self.attempt, grant,
      CimV1.Hello(deviceID: self.device.rawValue, protocolVersion: 1, cursors: cursors))
  }

  /// The connection of an attempt ended, or could not be opened.
  mutating func connectionLost(_ failure: ConnectionFailure, attempt: Int, now: Instant) -> [Action] {
    guard attempt == self.attempt else { return self.oldConnectionLost(attempt: attempt, now: now) }
    switch self.phase {
    case .opening(let grant, _): return self.openingFailed(failure, grant, now: now)
    case .ready(let heartbeat): return self.recover(from: failure, avoiding: heartbeat.server, now: now)
    case .idle, .loggingIn, .waiting, .ended: return []
    }
  }

  private mutating func openingFailed(
    _ failure: ConnectionFailure, _ grant: Grant, now: Instant
  ) -> [Action] {
    self.abandonedAt = now
    return self.logInInstead(of: grant.server)
      ?? self.recover(from: failure, avoiding: grant.server, now: now)
  }

  /// The connection is open.
  mutating func welcome(_ welcome: CimV1.Welcome, now: Instant) -> [Action] {
    guard case .opening(let grant, _) = self.phase else { return [] }
    self.avoid = nil
    // An epoch is not less than the time of its drawing.
    self.connectedAt = Timestamp(milliseconds: welcome.sessionEpoch)
    self.maxTextBytes = welcome.maxTextBytes > 0 ? Int(welcome.maxTextBytes) : self.maxTextBytes
    self.phase = .ready(
      SessionHeartbeat(server: grant.server, settings: self.settings.heartbeat, welcome: welcome, now: now))
    let arrival = self.arrive(at: grant.server, now: now)
    if self.inbox.hasUnacknowledged { self.synchronizeSoon(now: now) }
    return arrival + self.flush(now: now) + self.repeatReads(now: now)
  }

  // MARK: Time

  /// A deadline may have passed.
  mutating func timePassed(now: Instant) -> [Action] {
    guard !self.hasEnded else { return [] }
    if let closeDeadline, now >= closeDeadline { return self.end(.closed, now: now) }
    var actions = self.synchronize(now: now) + self.leaveInTime(now: now)
    switch self.phase {
    case .idle, .loggingIn, .ended: break
    case .waiting(let until, _):
      if now >= until { actions.append(self.logIn()) }
    case .opening(let grant, let deadline):
      if now >= deadline {
        actions += self.openingFailed(
          .transient("server \(grant.server) did not answer in time"), grant, now: now)
      }
    case .ready(let heartbeat): actions += self.timePassed(heartbeat, now: now)
    }
    return actions + self.flush(now: now) + self.flushReads(now: now)
  }

  private mutating func timePassed(_ heartbeat: SessionHeartbeat, now: Instant) -> [Action] {
    var heartbeat = heartbeat
    // Whoever does not read hears nothing.
    if self.isReadingPaused { heartbeat.received(now: now) }
    if let failure = heartbeat.failure(now: now) {
      return self.recover(from: failure, avoiding: heartbeat.server, now: now)
    }
    let ping = heartbeat.ping(now: now)
    self.phase = .ready(heartbeat)
    return ping.map { [.transmit(.ping($0), attempt: self.attempt)] } ?? []
  }

  // MARK: Failure and end

  /// The attempt or the connection failed: tries again later, or gives up when that would not help.
  mutating func recover(from failure: ConnectionFailure, avoiding server: ServerID?, now: Instant) -> [Action]
  {
    if case .final(let error) = failure { return self.end(.failed(error), now: now) }
    if case .ready(let heartbeat) = self.phase {
      if now - heartbeat.since >= Self.stableAfter { self.backoff.reset() }
      self.awaySince = now
    }
    self.avoid = server ?? self.avoid
    let failed = self.attempt
    self.attempt += 1
    let delay = max(self.backoff.next(using: &self.random), failure.retryAfter)
    self.phase = .waiting(until: now + delay, reason: failure.description)
    let disconnect = Action.disconnect(attempt: failed, gracefully: false)
    // Messages still flow over the old connection: there is nothing to tell.
    if self.move?.isOpen == true { return [disconnect] }
    self.move = nil
    self.outbox.connectionLost()
    self.inbox.connectionLost()
    return [disconnect, .emit(.state(.reconnecting(reason: failure.description, delay: delay)))]
  }

  mutating func end(_ state: ChatClient.State, now: Instant) -> [Action] {
    var actions: [Action] = []
    let isGraceful = state == .closed
    if isGraceful, let openAttempt {
      actions += self.flushReads(now: now, isLast: true)
      let cursors = self.takeAcknowledgement()
      actions.append(
        .synchronizeLast(cursors.isEmpty ? nil : CimV1.Ack(cursors: cursors), attempt: openAttempt))
    }
    for attempt in [self.attempt, self.move?.attempt].compactMap(\.self) {
      actions.append(.disconnect(attempt: attempt, gracefully: isGraceful))
    }
    self.phase = .ended
    self.move = nil
    self.attempt += 1
    self.closeDeadline = nil
    return actions + self.outbox.close().map(Action.resolve) + [.emit(.state(state))]
  }

  mutating func endIfDone(now: Instant) -> [Action] {
    guard let closeDeadline, self.outbox.unanswered == 0 || now >= closeDeadline else { return [] }
    return self.end(.closed, now: now)
  }
}

extension ClientError {
  /// What is stored is another account's.
  fileprivate static func foreign(_ stored: Account, _ actual: Account) -> Self {
    Self(
      .storage,
      """
      what is stored is of \(stored.name) (\(stored.id)), and this is \(actual.name) (\(actual.id)): give this client a \
      storage of its own. When the names are the same, the service is another one, or has lost its accounts
      """)
  }
}
