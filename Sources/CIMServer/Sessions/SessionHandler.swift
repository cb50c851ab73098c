import CIMCore
import CIMProtos
import NIOCore
import NgRPC

/// One client's connection: carries out what its machine decides. On its event loop only.
final class SessionHandler: StreamHandler {
  typealias Inbound = CimV1.ConnectRequest
  typealias Outbound = CimV1.ConnectResponse

  let number: UInt64
  /// When the shard looks at this session next.
  var alarm = NIODeadline.distantFuture

  let stream: ServerStream<CimV1.ConnectResponse>
  private let token: String
  let shard: SessionShard
  let core: ServerCore
  var machine: SessionMachine
  var sends: SendWindow
  var feeds: SessionFeeds
  /// Whether the client lacks read marks because it was slow.
  var owesReadMarks = false
  var readBudget: ReadBudget
  /// The link on which the opening was asked for.
  private var openingLink: LinkID?
  private var hasJoined = false

  init(number: UInt64, stream: ServerStream<CimV1.ConnectResponse>, token: String, shard: SessionShard) {
    self.number = number
    self.stream = stream
    self.token = token
    self.shard = shard
    core = shard.core
    machine = SessionMachine(timeouts: core.configuration.timeouts, now: .now())
    readBudget = ReadBudget(now: .now())
    sends = SendWindow(limits: core.configuration.sendLimits)
    feeds = SessionFeeds(limits: core.configuration.feedLimits)
  }

  var address: SessionAddress { SessionAddress(shard: shard.index, number: number) }

  /// The session as routes know it; nil until one has written it.
  var reference: CimV1.SessionRef? { machine.identity?.reference }
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

  func drain(_ drain: CimV1.Drain) {
    guard machine.isOpen else { return perform(machine.end(.unavailable, SessionHandler.goingAway)) }
    core.counters.drained.count()
    send(.drain(drain))
  }

  func end(_ status: RPCError) { perform(machine.end(status.code, status.message)) }

  /// What is answered when the server takes no new clients.
  static let goingAway = "This server is going away; log in again, and another is chosen."

  // MARK: Carrying out

  func perform(_ action: SessionMachine.Action) {
    switch action {
    case .nothing: break
    case .open: open()
    case .announce(let groups): announce(groups)
    case .welcome: welcome()
    case .relay(let send): relay(send)
    case .acknowledge(let cursors): acknowledged(cursors)
    case .read(let cursors): hasRead(cursors)
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
    let limit = 2 * core.configuration.outboundLimit
    // Feeds have stopped long before: these are answers.
    guard !machine.hasEnded, stream.pendingBytes > limit else { return }
    perform(
      machine.end(
        .resourceExhausted, "More than \(limit) bytes of answers wait for this client; read what you ask for."
      ))
  }

  /// Frees what the session holds; again, nothing happens.
  private func leave() {
    shard.remove(number)
    guard hasJoined, let identity = machine.identity else { return }
    hasJoined = false
    let conversations = feeds.shared
    for conversation in conversations { shard.members.remove(number, from: conversation) }
    core.links.leave(conversations)
    core.leave(identity, at: address)
  }

  // MARK: Opening

  /// Asks a route to write the session.
  private func open() {
    guard let device = machine.identity?.device ?? machine.openingDevice else { return }
    let opening = Opening(
      token: token, device: device, epoch: machine.identity?.epoch ?? 0, session: number)
    // A link that takes nothing has gone since it was chosen, and is not chosen again.
    while let link = core.links.choose(for: opening.key) {
      openingLink = link.id
      if link.push(.open(token: token, device: device, epoch: opening.epoch, for: address)) { return }
    }
    perform(machine.noRoute())
  }

  private func announce(_ groups: [String]) {
    guard let identity = machine.identity else { return }
    let conversations = Set(groups.filter(\.isGroup)).union([lobby])
    // Before the place is taken: from then on messages come.
    feeds.begin(for: identity.user.id, in: conversations)
    if let kick = core.enter(identity, at: address) {
      // The record of this session is void already.
      return perform(machine.kick(kick.reason, kick.detail))
    }
    hasJoined = true
    for conversation in conversations { shard.members.add(number, to: conversation) }
    if core.links.join(Array(conversations), waiter: .session(address)) { interestInForce() }
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
    // Not before: whatever the answer does not know of comes live.
    shard.sync(number, isNew: true)
  }

  /// Has the session written again, with its epoch.
  ///
  /// - Returns: whether that is under way.
  func restate() -> Bool {
    guard machine.restate() else { return false }
    open()
    return true
  }

  private func restated() {
    core.counters.restated.count()
    shard.sync(number, isNew: true)
  }

  /// The link over which the session was to be written is gone: it is asked for on another.
  func openLost(on link: LinkID) {
    if machine.awaitsGrant, openingLink == link { open() }
  }
}

/// The conversation that everybody is a member of.
private let lobby = Conversation.lobby.description
