import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// One client's connection: carries out what its machine decides. On its event loop only.
final class SessionHandler: StreamHandler {
  typealias Inbound = CimV1.ConnectRequest
  typealias Outbound = CimV1.ConnectResponse

  /// How many messages are kept for a client that is not welcomed yet.
  private static let maxEarlyMessages = 64

  let number: UInt64
  /// When the shard looks at this session next.
  var alarm = NIODeadline.distantFuture

  private let stream: ServerStream<CimV1.ConnectResponse>
  private let token: String
  private let shard: SessionShard
  let core: ServerCore
  var machine: SessionMachine
  var sends: SendWindow
  /// The link on which the opening was asked for.
  private var openingLink: LinkID?
  private var hasJoined = false
  /// Private messages that were routed here before the welcome; nil once that is sent.
  private var early: [FramedMessage]? = []

  init(number: UInt64, stream: ServerStream<CimV1.ConnectResponse>, token: String, shard: SessionShard) {
    self.number = number
    self.stream = stream
    self.token = token
    self.shard = shard
    core = shard.core
    machine = SessionMachine(timeouts: core.configuration.timeouts, now: .now())
    sends = SendWindow(limits: core.configuration.sendLimits)
  }

  var address: SessionAddress { SessionAddress(shard: shard.index, number: number) }

  /// Whose connection it is; 0 until that is known.
  var user: UInt64 { machine.identity?.user.id ?? 0 }
  var isOpen: Bool { machine.isOpen }
  var awaitsGrant: Bool { machine.awaitsGrant }
  var deadline: NIODeadline { machine.deadline }

  // MARK: From the client

  func received(_ message: CimV1.ConnectRequest) {
    perform(machine.received(message.frame, at: .now()))
  }

  /// The client sends no more, and waits for nothing: it has left.
  func inboundEnded() {
    perform(machine.end(.ok, ""))
  }

  func writable() {}

  func closed(_ status: RPCError) {
    machine.closed()
    leave()
  }

  // MARK: From elsewhere

  /// The time is `now`.
  func expire(at now: NIODeadline) { perform(machine.expire(at: now)) }

  func granted(_ granted: CimV1.SessionGranted) { perform(machine.granted(granted, at: .now())) }

  func denied(_ denied: CimV1.SessionDenied) { perform(machine.denied(denied)) }

  func interestInForce() { perform(machine.interestInForce(at: .now())) }

  func kick(_ kick: CimV1.Kick, epoch: UInt64) {
    guard machine.identity?.epoch == epoch else { return }
    perform(machine.kick(kick.reason, kick.detail))
  }

  func drain(withinMilliseconds milliseconds: UInt32) {
    guard machine.isOpen else { return perform(machine.end(.unavailable, SessionHandler.goingAway)) }
    send(.drain(CimV1.Drain(withinMs: milliseconds)))
  }

  func end(_ status: RPCError) { perform(machine.end(status.code, status.message)) }

  /// What is answered when the server takes no new clients.
  static let goingAway = "This server is going away; log in again, and another is chosen."

  // MARK: Messages for the client

  /// Passes a message on.
  ///
  /// - Returns: false when too much waits for the client: it must be disconnected.
  func deliver(_ message: FramedMessage) -> Bool {
    guard early == nil else {
      if let count = early?.count, count < Self.maxEarlyMessages { early?.append(message) }
      return true
    }
    stream.send(framed: message)
    return keepsUp()
  }

  /// Whether more waits for the client than may wait for long.
  var isBehind: Bool { stream.pendingBytes > core.configuration.outboundLimit }

  /// Looks at what waits for the client after something was added to it. Whatever comes in one turn of the event loop
  /// waits until its end, also for a client that reads well: unless it is too much by far, the shard looks again later.
  private func keepsUp() -> Bool {
    guard isBehind else { return true }
    shard.watch(number)
    return stream.pendingBytes <= 2 * core.configuration.outboundLimit
  }

  /// Disconnects a client that does not take what is sent to it.
  func dropSlowClient() {
    perform(
      machine.kick(
        .tooSlow,
        "More than \(core.configuration.outboundLimit) bytes waited for this client; connect again and read faster."
      ))
  }

  // MARK: Carrying out

  func perform(_ action: SessionMachine.Action) {
    switch action {
    case .nothing: break
    case .open: open()
    case .announce: announce()
    case .welcome: welcome()
    case .relay(let send): relay(send)
    case .refuse(let send):
      refuse(send, "The message came before the welcome; send it again after that.")
    case .pong(let nonce): send(.pong(CimV1.Pong(nonce: nonce)))
    case .ignore: core.counters.ignoredFrames.count()
    case .restated: restated()
    case .restateLater: shard.restateLater(number)
    case .kick(let kick):
      core.counters.kicked.count()
      send(.kick(kick))
      stream.close()
      leave()
    case .end(let code, let message):
      stream.close(code == .ok ? nil : RPCError(code: code, message: message))
      leave()
    }
    if !machine.hasEnded { shard.setAlarm(for: self) }
  }

  func send(_ frame: CimV1.ConnectResponse.Frame) {
    stream.send(CimV1.ConnectResponse(frame: frame))
    // A kick is the last frame, whatever waits before it.
    if !machine.hasEnded, !keepsUp() { dropSlowClient() }
  }

  /// Frees what the session holds; again, nothing happens.
  private func leave() {
    shard.remove(number)
    guard hasJoined, let identity = machine.identity else { return }
    hasJoined = false
    core.links.leave(lobby)
    core.leave(identity, at: address)
  }

  // MARK: Opening

  /// Asks a route to write the session.
  private func open() {
    guard let device = machine.identity?.device ?? machine.openingDevice else { return }
    // The user's id stands before the dot: one user's sessions are opened by one route while links are steady.
    let key = token.prefix { $0 != "." }
    // A link that takes nothing has gone since it was chosen, and is not chosen again.
    while let link = core.links.choose(for: key) {
      openingLink = link.id
      if link.push(.open(token: token, device: device, for: address)) { return }
    }
    perform(machine.noRoute())
  }

  private func announce() {
    guard let identity = machine.identity else { return }
    if let kick = core.enter(identity, at: address) {
      // The record of this session is void already.
      return perform(machine.kick(kick.reason, kick.detail))
    }
    hasJoined = true
    if core.links.join(lobby, for: address) { interestInForce() }
  }

  private func welcome() {
    guard let identity = machine.identity, let instance = core.instance else { return }
    let configuration = core.configuration
    send(
      .welcome(
        CimV1.Welcome(
          user: identity.user, sessionEpoch: identity.epoch, serverID: instance.id.rawValue,
          serverIncarnation: instance.incarnation.rawValue,
          pingIntervalMs: UInt32(clamping: configuration.pingInterval.nanoseconds / 1_000_000),
          idleTimeoutMs: UInt32(clamping: configuration.idleTimeout.nanoseconds / 1_000_000),
          maxTextBytes: UInt32(clamping: configuration.maxTextBytes))))
    core.counters.welcomed.count()
    let waiting = early ?? []
    early = nil
    for message in waiting where !deliver(message) { return dropSlowClient() }
  }

  /// Has the session written again under the server's new registration.
  ///
  /// - Returns: whether that is under way.
  func restate() -> Bool {
    guard machine.restate() else { return false }
    open()
    return true
  }

  private func restated() {
    guard let identity = machine.identity else { return }
    if let kick = core.enter(identity, at: address) { perform(machine.kick(kick.reason, kick.detail)) }
  }

  /// A link that this session had asked for something is gone: it is asked for on another.
  func linkLost(_ link: LinkID) {
    if machine.awaitsGrant, openingLink == link { open() }
    resend(lostOn: link)
  }
}

/// The conversation that everybody is a member of.
private let lobby = Conversation.lobby.description
