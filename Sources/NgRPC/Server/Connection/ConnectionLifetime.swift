import NIOCore

/// When a client's connection is probed, asked to end and given up: gRPC proposals A8 and A9.
///
/// Pure: time and what the connection has seen are arguments. A probe that was answered, or an age that was reached, costs
/// nothing on the way: what a deadline means is looked at when it has passed.
struct ConnectionLifetime {
  /// What the connection is to do.
  enum Action: Equatable {
    /// Send a PING with this payload.
    case ping(UInt64)
    /// Send a GOAWAY that refuses nothing yet, and a PING: its answer shows that the client has read it.
    case announceEnd
    /// Send a GOAWAY with the last stream that was taken; when the streams have ended, the connection does.
    case end
    /// Send a GOAWAY with an error, then close.
    case refuse(Refusal)
    /// Close at once.
    case close(Reason)
  }

  /// What a client is refused for.
  enum Refusal: Equatable { case tooManyPings, tooManyIdleFrames }

  /// Why a connection was closed.
  enum Reason: Equatable {
    case noPreface, keepaliveTimeout, unfinishedHeaders, blockedOutput, graceOver, notStarted, unread
  }

  /// What the connection has seen, asked for when a deadline has passed.
  struct Facts {
    var lastRead: NIODeadline
    var openStreams = 0
    /// How many blocks of headers have begun; and whether the last is unfinished.
    var headerBlocks: UInt32 = 0
    var isReceivingHeaders = false
    /// What keeps the output from going on.
    var blockade: HTTP2Connection.Blockade?
  }

  static let keepalivePing: UInt64 = 0x6e67_7270_6320_6b61
  static let endPing: UInt64 = 0x6e67_7270_6320_656e
  /// How long the last bytes may take.
  static let refusalTimeout = TimeAmount.seconds(5)

  static let idleFramesInterval = TimeAmount.seconds(10)

  private enum Phase { case awaitingPreface, open, announced, ending, refused }

  private var phase = Phase.awaitingPreface
  /// The preface's time at first; later when the end is final though no answer has come, or the refusal has had its time.
  private var phaseDeadline: NIODeadline
  private var probeDeadline = NIODeadline.distantFuture
  private var probedAt: NIODeadline?
  private var ageDeadline: NIODeadline
  private var idleDeadline: NIODeadline
  private var graceDeadline = NIODeadline.distantFuture
  private var headersDeadline = NIODeadline.distantFuture
  private var watchedHeaderBlock: UInt32 = 0
  private var outputDeadline = NIODeadline.distantFuture
  private var blockadeBefore: HTTP2Connection.Blockade?
  private var idleFramesSince: NIODeadline
  private var pings = PingEnforcement()

  /// - Parameter jitter: -1 to 1: how much of a tenth the age differs from the rule, so that connections that began together
  ///   do not end together.
  init(_ rules: RPCServer.Configuration, now: NIODeadline, jitter: Double) {
    phaseDeadline = now + rules.limits.prefaceTimeout
    idleFramesSince = now
    ageDeadline =
      rules.lifetime.maxAge.map { now + .nanoseconds(Int64(Double($0.nanoseconds) * (1 + 0.1 * jitter))) }
      ?? .distantFuture
    idleDeadline = rules.lifetime.maxIdle.map { now + $0 } ?? .distantFuture
  }

  /// When ``deadlineReached(_:_:now:)`` is to be called next; it may be early.
  var nextDeadline: NIODeadline {
    min(
      min(phaseDeadline, probeDeadline), min(ageDeadline, idleDeadline),
      min(graceDeadline, min(headersDeadline, outputDeadline)))
  }

  // MARK: What happens

  /// The client's preface is complete.
  mutating func receivedPreface(_ rules: RPCServer.Configuration, now: NIODeadline) {
    guard phase == .awaitingPreface else { return }
    phase = .open
    phaseDeadline = .distantFuture
    if let time = rules.keepalive.time { probeDeadline = now + time }
  }

  /// The last open stream has ended.
  mutating func becameIdle(_ rules: RPCServer.Configuration, now: NIODeadline) {
    if let maxIdle = rules.lifetime.maxIdle, phase == .open { idleDeadline = now + maxIdle }
  }

  /// A read has ended within a block of headers.
  mutating func headersUnfinished(_ rules: RPCServer.Configuration, block: UInt32, now: NIODeadline) {
    guard headersDeadline == .distantFuture else { return }
    watchedHeaderBlock = block
    headersDeadline = now + rules.limits.headersTimeout
  }

  /// Something keeps the output from going on.
  mutating func outputBlocked(
    _ rules: RPCServer.Configuration, by blockade: HTTP2Connection.Blockade, now: NIODeadline
  ) {
    guard outputDeadline == .distantFuture else { return }
    blockadeBefore = blockade
    outputDeadline = now + rules.limits.writeTimeout
  }

  /// The client has sent a PING.
  ///
  /// - Parameter framesSent: how many HEADERS and DATA frames it was sent so far.
  mutating func receivedPing(
    _ rules: RPCServer.Configuration, openStreams: Int, framesSent: UInt32, now: NIODeadline
  ) -> Action? {
    guard phase != .refused,
      !pings.permit(rules.keepalive, hasCalls: openStreams > 0, framesSent: framesSent, now: now)
    else { return nil }
    return refuse(.tooManyPings, now: now)
  }

  /// As many frames that move nothing have come as may come in ``idleFramesInterval``.
  mutating func receivedManyIdleFrames(now: NIODeadline) -> Action? {
    defer { idleFramesSince = now }
    guard phase != .refused, now < idleFramesSince + Self.idleFramesInterval else { return nil }
    return refuse(.tooManyIdleFrames, now: now)
  }

  private mutating func refuse(_ refusal: Refusal, now: NIODeadline) -> Action {
    phase = .refused
    phaseDeadline = now + Self.refusalTimeout
    return .refuse(refusal)
  }

  mutating func receivedPingAck(_ payload: UInt64) -> Action? {
    guard phase == .announced, payload == Self.endPing else { return nil }
    return beEnding()
  }

  /// The server stops, or a rule ends the connection: its calls may go on for `grace`, for ever when nil.
  mutating func end(
    _ rules: RPCServer.Configuration, grace: TimeAmount?, now: NIODeadline
  ) -> Action? {
    if let grace { graceDeadline = min(graceDeadline, now + grace) }
    switch phase {
    case .awaitingPreface: return .close(.notStarted)
    case .announced, .ending, .refused: return nil
    case .open:
      phase = .announced
      phaseDeadline = now + rules.keepalive.timeout
      ageDeadline = .distantFuture
      idleDeadline = .distantFuture
      return .announceEnd
    }
  }

  private mutating func beEnding() -> Action {
    phase = .ending
    phaseDeadline = .distantFuture
    return .end
  }

  // MARK: Deadlines

  /// Time has passed. To be called again while there is an action.
  mutating func deadlineReached(
    _ rules: RPCServer.Configuration, _ facts: Facts, now: NIODeadline
  ) -> Action? {
    if graceDeadline <= now { return .close(.graceOver) }
    if phaseDeadline <= now {
      switch phase {
      case .awaitingPreface: return .close(.noPreface)
      case .announced: return beEnding()
      case .refused: return .close(.unread)
      case .open, .ending: phaseDeadline = .distantFuture
      }
    }
    if headersDeadline <= now, let action = checkHeaders(rules, facts, now: now) { return action }
    if outputDeadline <= now, let action = checkOutput(rules, facts, now: now) { return action }
    if probeDeadline <= now, let action = checkLife(rules, facts, now: now) { return action }
    if ageDeadline <= now { return end(rules, grace: rules.lifetime.grace, now: now) }
    if idleDeadline <= now {
      // With streams open the time begins anew when the last has ended.
      idleDeadline = .distantFuture
      if facts.openStreams == 0 { return end(rules, grace: rules.lifetime.grace, now: now) }
    }
    return nil
  }

  private mutating func checkHeaders(
    _ rules: RPCServer.Configuration, _ facts: Facts, now: NIODeadline
  ) -> Action? {
    guard facts.isReceivingHeaders else {
      headersDeadline = .distantFuture
      return nil
    }
    if facts.headerBlocks == watchedHeaderBlock { return .close(.unfinishedHeaders) }
    watchedHeaderBlock = facts.headerBlocks
    headersDeadline = now + rules.limits.headersTimeout
    return nil
  }

  private mutating func checkOutput(
    _ rules: RPCServer.Configuration, _ facts: Facts, now: NIODeadline
  ) -> Action? {
    guard let blockade = facts.blockade else {
      outputDeadline = .distantFuture
      return nil
    }
    if blockade == blockadeBefore { return .close(.blockedOutput) }
    blockadeBefore = blockade
    outputDeadline = now + rules.limits.writeTimeout
    return nil
  }

  private mutating func checkLife(
    _ rules: RPCServer.Configuration, _ facts: Facts, now: NIODeadline
  ) -> Action? {
    guard let time = rules.keepalive.time else {
      probeDeadline = .distantFuture
      return nil
    }
    if let probedAt {
      guard facts.lastRead > probedAt else { return .close(.keepaliveTimeout) }
      self.probedAt = nil
    }
    if facts.lastRead + time > now {
      probeDeadline = facts.lastRead + time
      return nil
    }
    probedAt = now
    probeDeadline = now + rules.keepalive.timeout
    return .ping(Self.keepalivePing)
  }
}

extension ConnectionLifetime.Reason: CustomStringConvertible {
  var description: String {
    switch self {
    case .noPreface: "no HTTP/2 preface came in time"
    case .keepaliveTimeout: "the client did not answer a keepalive PING"
    case .unfinishedHeaders: "a block of headers did not end in time"
    case .blockedOutput: "the client did not read what was sent"
    case .graceOver: "its calls did not end within the grace"
    case .notStarted: "the server stops, and the connection was not in use yet"
    case .unread: "the client did not read why it was refused"
    }
  }
}
