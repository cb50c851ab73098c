import NIOCore

/// What becomes of one client's connection and commands: connecting, handshake, pipelining, timeouts, backoff, end.
///
/// It has no socket and no clock. Whoever drives it tells it what happened and when, and carries out the `Effects` it
/// answers with. One connection exists at a time: after `Transport.close`, `closed` must be reported before anything
/// else is opened.
struct ConnectionStateMachine<Request: PipelinedRequest> {
  /// The bounds it keeps.
  struct Limits {
    /// How long a sent request may wait for its replies, and how long the handshake may take.
    var commandTimeout: TimeAmount
    /// How long a request may wait for a connection.
    var connectionWait: TimeAmount
    /// How many commands may wait at a time, sent or not.
    var maximumPendingCommands: Int
    /// Whether replicas are taken for servers too.
    var allowsReplicas = false
  }

  /// What to do with the socket.
  enum Transport: Hashable {
    case connect, sendHandshake, close
  }

  /// What an operator may want to know.
  enum Event: Hashable {
    case ready(ReplicationInfo)
    case lost(RedisError, retryIn: TimeAmount)
    case connectFailed(RedisError, failures: Int, retryIn: TimeAmount)
    case stopped
  }

  /// What is to be done, in the order of the fields.
  struct Effects {
    var transport: Transport?
    var send: [Request] = []
    var failures: [(requests: [Request], error: RedisError)] = []
    var event: Event?

    fileprivate mutating func fail(_ requests: [Request], _ error: RedisError) {
      if !requests.isEmpty { failures.append((requests, error)) }
    }
  }

  /// Where a reply belongs.
  enum ReplyOutcome {
    /// To this request, as its next.
    case deliver(Request)
    /// To none; other things may be to do.
    case effects(Effects)
  }

  private enum State {
    case idle
    case connecting
    case handshaking(repliesToCome: Int, deadline: NIODeadline)
    case ready
    case closing
    case backingOff(until: NIODeadline)
    case stopped
  }

  private let limits: Limits
  private let handshakeCount: Int
  private let random: () -> Double

  private var state = State.idle
  private var isStopping = false
  private var backoff: Backoff
  private var pipeline = CommandPipeline<Request>()
  private var lastReadAt = NIODeadline.uptimeNanoseconds(0)
  private var wasReady = false
  /// Whether the server said that it is a replica now.
  private var isDemoted = false
  /// Why there is no connection.
  private var failure: RedisError?

  /// - Parameters:
  ///   - handshakeCount: How many replies the handshake gets, 1 or more, the last to `ReplicationInfo.query`; the connection
  ///     is ready when none is an error, and the server is no replica.
  ///   - random: A number from -1 to 1 for each wait's jitter.
  init(limits: Limits, backoff: Backoff, handshakeCount: Int, random: @escaping () -> Double) {
    self.limits = limits
    self.backoff = backoff
    self.handshakeCount = handshakeCount
    self.random = random
  }

  /// Whether commands are sent as they come.
  var isReady: Bool {
    if case .ready = state { !isStopping } else { false }
  }

  /// When `timeAdvanced` must be called at the latest; nil when there is nothing to wait for.
  var nextDeadline: NIODeadline? {
    let ownDeadline: NIODeadline? =
      switch state {
      case .handshaking(_, let deadline): deadline
      case .backingOff(let until): until
      case .ready: pipeline.isOverdue ? silenceDeadline : nil
      case .idle, .connecting, .closing, .stopped: nil
      }
    return earliest(ownDeadline, pipeline.nextDeadline)
  }

  /// When a server that owes replies is taken for gone if nothing comes from it.
  private var silenceDeadline: NIODeadline { lastReadAt + limits.commandTimeout }
}

// MARK: - Commands

extension ConnectionStateMachine {
  /// Takes new requests, in their order.
  mutating func submit(_ requests: [Request], now: NIODeadline) -> Effects {
    var effects = Effects()
    guard !isStopping else {
      effects.fail(requests, .stopped)
      return effects
    }
    var refused: [Request] = []
    for request in requests {
      guard pipeline.commandCount + request.replyCount <= limits.maximumPendingCommands else {
        refused.append(request)
        continue
      }
      if isReady {
        pipeline.send(request, now: now, timeout: limits.commandTimeout)
        effects.send.append(request)
      } else {
        pipeline.wait(request, until: now + limits.connectionWait)
      }
    }
    effects.fail(refused, .overloaded(limit: limits.maximumPendingCommands))
    return effects
  }

  /// Bytes came from the server; the replies in them follow.
  mutating func read(now: NIODeadline) { lastReadAt = now }

  /// Takes the connection's next reply.
  mutating func received(_ reply: RedisValue) -> ReplyOutcome {
    switch state {
    case .handshaking(let repliesToCome, let deadline):
      if case .error(let error) = reply {
        return .effects(close(.handshakeRefused(error)))
      }
      if repliesToCome > 1 {
        state = .handshaking(repliesToCome: repliesToCome - 1, deadline: deadline)
        return .effects(Effects())
      }
      let info = ReplicationInfo(reply)
      guard !info.isReplica || limits.allowsReplicas else { return .effects(close(.replica)) }
      return .effects(becomeReady(info, now: lastReadAt))
    case .ready:
      guard let request = pipeline.receiveReply() else { return .effects(close(.unsolicited)) }
      if case .error(let error) = reply, error.serverCode == "READONLY" { isDemoted = true }
      return .deliver(request)
    case .idle, .connecting, .closing, .backingOff, .stopped:
      return .effects(Effects())
    }
  }

  /// Must be called after replies were delivered: a stopping client closes when the last one came, and a server that has
  /// become a replica is left at once.
  mutating func repliesDelivered() -> Effects {
    if isDemoted, !limits.allowsReplicas { return close(.replica) }
    guard isStopping, case .ready = state, pipeline.isDrained else { return Effects() }
    return close(.stopped)
  }
}

// MARK: - The connection

extension ConnectionStateMachine {
  /// Begins to connect.
  mutating func start() -> Effects {
    guard case .idle = state, !isStopping else { return Effects() }
    state = .connecting
    return Effects(transport: .connect)
  }

  /// A socket was connected.
  mutating func connected(now: NIODeadline) -> Effects {
    guard !isStopping else {
      state = .closing
      return Effects(transport: .close)
    }
    state = .handshaking(repliesToCome: handshakeCount, deadline: now + limits.commandTimeout)
    return Effects(transport: .sendHandshake)
  }

  /// No socket could be connected.
  mutating func connectFailed(_ detail: String, now: NIODeadline) -> Effects {
    failure = RedisError(.connectFailed, detail)
    return retryOrStop(now: now)
  }

  /// What came from the server cannot be understood.
  mutating func violated(_ error: RedisError) -> Effects { close(error) }

  /// The socket is closed, whoever closed it.
  mutating func closed(_ detail: String, now: NIODeadline) -> Effects {
    var effects = Effects()
    switch state {
    case .handshaking, .ready:
      let error = RedisError(.connectionLost, detail)
      failure = error
      effects.fail(pipeline.removeInFlight(), error)
    case .idle, .connecting, .closing, .backingOff, .stopped:
      break
    }
    let next = retryOrStop(now: now)
    effects.failures += next.failures
    effects.event = next.event
    return effects
  }

  /// Time has passed: what is overdue fails, what is due begins.
  mutating func timeAdvanced(to now: NIODeadline) -> Effects {
    var effects = Effects()
    switch state {
    case .backingOff(let until) where until <= now:
      state = .connecting
      effects.transport = .connect
    case .handshaking(_, let deadline) where deadline <= now:
      effects = close(RedisError(.timedOut, "the Redis server did not answer the handshake in time"))
    case .ready:
      effects = expireInFlight(now: now)
    case .idle, .connecting, .handshaking, .closing, .backingOff, .stopped:
      break
    }
    effects.fail(pipeline.expireWaiting(now: now), .notConnected(because: failure))
    return effects
  }

  /// Ends: what waits fails, what was sent gets its replies, then the connection is closed.
  mutating func stop() -> Effects {
    guard !isStopping else { return Effects() }
    isStopping = true
    var effects = Effects()
    switch state {
    case .idle, .backingOff:
      state = .stopped
      effects.event = .stopped
    case .handshaking:
      effects = close(.stopped)
    case .ready:
      if pipeline.isDrained { effects = close(.stopped) }
    case .connecting, .closing, .stopped:
      break
    }
    effects.fail(pipeline.removeWaiting(), .stopped)
    return effects
  }

  private mutating func becomeReady(_ info: ReplicationInfo, now: NIODeadline) -> Effects {
    state = .ready
    isDemoted = false
    wasReady = true
    failure = nil
    backoff.reset()
    let waiting = pipeline.sendWaiting(now: now, timeout: limits.commandTimeout)
    return Effects(send: waiting, event: .ready(info))
  }

  /// Times out what is overdue; a server that owes replies and says nothing at all is taken for gone.
  private mutating func expireInFlight(now: NIODeadline) -> Effects {
    let overdue = pipeline.expireInFlight(now: now)
    let isSilent = pipeline.isOverdue && silenceDeadline <= now
    var effects = Effects()
    effects.fail(overdue, RedisError(.timedOut, "the Redis server did not answer in time"))
    if isSilent || isStopping && pipeline.isDrained {
      let closing = close(.silent)
      effects.transport = closing.transport
      effects.failures += closing.failures
    }
    return effects
  }

  private mutating func close(_ error: RedisError) -> Effects {
    switch state {
    case .handshaking, .ready:
      state = .closing
      failure = error
      var effects = Effects(transport: .close)
      effects.fail(pipeline.removeInFlight(), error)
      return effects
    case .idle, .connecting, .closing, .backingOff, .stopped:
      return Effects()
    }
  }

  private mutating func retryOrStop(now: NIODeadline) -> Effects {
    guard !isStopping else {
      state = .stopped
      return Effects(event: .stopped)
    }
    let wait = backoff.next(random: random())
    state = .backingOff(until: now + wait)
    let error = failure ?? .notConnected(because: nil)
    defer { wasReady = false }
    let event: Event =
      wasReady
      ? .lost(error, retryIn: wait)
      : .connectFailed(error, failures: backoff.failures, retryIn: wait)
    return Effects(event: event)
  }
}

extension RedisError {
  fileprivate static let stopped = RedisError(.shutdown, "the Redis client was shut down")

  fileprivate static let unsolicited = RedisError(
    .protocolViolation, "the Redis server sent a reply that no command waits for")

  fileprivate static let replica = RedisError(
    .connectFailed,
    "the Redis server is a replica: its master is looked for at the same address again; "
      + "have the address lead to the master")

  fileprivate static let silent = RedisError(
    .connectionLost, "the Redis server said nothing for the command timeout; the connection was given up")

  fileprivate static func overloaded(limit: Int) -> RedisError {
    RedisError(
      .overloaded,
      "\(limit) commands already wait for the Redis server: send fewer at a time, "
        + "or raise maximumPendingCommands")
  }

  fileprivate static func handshakeRefused(_ error: RedisError) -> RedisError {
    RedisError(.connectFailed, "the Redis server refused the connection: \(error.message)")
  }

  fileprivate static func notConnected(because failure: RedisError?) -> RedisError {
    RedisError(
      .connectFailed,
      failure.map { "no connection to the Redis server: \($0.message)" }
        ?? "no connection to the Redis server yet")
  }
}
