import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// Makes and keeps the link to one server: carries out what its machine and its outbox decide. On its event loop only.
final class LinkDriver {
  private let link: ServerLink
  private let core: RouteCore
  private let eventLoop: any EventLoop
  private var machine: LinkMachine
  private var outbox: LinkOutbox
  private var restating = RestateRule()
  private var channel: RPCChannel?
  private var stream: ClientStream<CimV1.LinkRequest>?
  private var pages: PagesStream?
  private var timer: RepeatedTask?
  private var whenFinished: [@Sendable () -> Void] = []

  init(link: ServerLink, core: RouteCore, eventLoop: any EventLoop) {
    self.link = link
    self.core = core
    self.eventLoop = eventLoop
    machine = LinkMachine(
      to: link.instance, timing: core.configuration.linkTiming, backoff: .defaults, now: .now())
    outbox = LinkOutbox(limits: core.configuration.outboxLimits)
  }

  /// Begins to make the link.
  func start() {
    let interval = min(core.configuration.linkTiming.checkEvery, .milliseconds(50))
    let driver = NIOLoopBound(self, eventLoop: eventLoop)
    timer = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { _ in driver.value.check() }
  }

  private func check() {
    perform(machine.check(at: .now(), random: .random(in: 0...1)))
    if machine.isUp { pages?.check(at: .now()) }
  }

  private var isInterested: (String) -> Bool { core.links.isInterested(link.instance) }

  // MARK: Commands

  func carryOut(_ commands: [LinkCommand]) {
    for command in commands { carryOut(command) }
  }

  private func carryOut(_ command: LinkCommand) {
    switch command {
    case .deliver(let message, let sessions, let bytes):
      guard let frame = outbox.deliver(message, to: sessions, bytes: bytes, at: .now()) else {
        return core.counters.deferred.count()
      }
      core.counters.deliveries.count()
      send(frame)
    case .tell(let tails): send(outbox.tell(tails, isInterested: isInterested))
    case .kick(let kick): if let frame = outbox.kick(kick) { send(frame) }
    case .restate(let name, let isOwed):
      if machine.isUp { restate(name) } else if isOwed { restating.isForced = true }
    case .send(let frame): if machine.isUp { send(frame) }
    case .hint(let frame):
      if machine.isUp, !outbox.isFull { send(frame) } else { core.counters.droppedReceipts.count() }
    case .reply(let frame, let attempt, let done):
      guard attempt == machine.attempt, stream != nil, whenFinished.isEmpty else { return done(false) }
      send(frame)
      done(true)
    case .inspect(let done): done(outbox.backlog(at: .now()))
    case .finish(let done): finish(done)
    case .stop: stop()
    }
  }

  private func send(_ frames: [CimV1.LinkRequest.Frame]) {
    for frame in frames { send(frame) }
  }

  private func send(_ frame: CimV1.LinkRequest.Frame) {
    guard let stream else { return }
    stream.send(CimV1.LinkRequest(frame: frame))
    machine.sent(at: .now())
  }

  private func restate(_ name: String) { send(.restate(CimV1.Restate(storeID: name))) }

  private func finish(_ done: @escaping @Sendable () -> Void) {
    machine.stop()
    guard let stream else { return done() }
    whenFinished.append(done)
    stream.finish()
  }

  private func stop() {
    machine.stop()
    timer?.cancel()
    timer = nil
    letGo()
    for command in link.close() {
      switch command {
      case .reply(_, _, let done): done(false)
      case .finish(let done): done()
      case .inspect(let done): done(nil)
      default: break
      }
    }
  }

  // MARK: The stream

  private func perform(_ action: LinkMachine.Action) {
    switch action {
    case .nothing: break
    case .open(let attempt): open(attempt)
    case .interest(let interest, let isFirst): take(interest, isFirst: isFirst)
    case .load(let ping): core.links.take(ping, of: link.instance)
    case .handle(.deliverAck(let acknowledgement)):
      guard let frames = outbox.acknowledged(acknowledgement.number, isInterested: isInterested) else {
        return core.counters.ignoredFrames.count()
      }
      send(frames)
    case .handle(let frame):
      core.handle(frame, from: LinkOrigin(link: link, attempt: machine.attempt, arrived: .now()))
    case .ignore: core.counters.ignoredFrames.count()
    case .ping: send(.ping(CimV1.LinkPing()))
    case .giveUp(let reason): giveUp(reason)
    }
  }

  private func open(_ attempt: UInt64) {
    let endpoint = link.record.pushEndpoint
    // A channel for each try: a connection that went silent must not be used again.
    var configuration = RPCChannel.Configuration.defaults
    configuration.connectTimeout = core.configuration.linkTiming.downAfter
    configuration.maxMessageBytes = core.configuration.maxLinkMessageBytes
    let channel = RPCChannel(
      to: [endpoint], configuration: configuration,
      eventLoop: eventLoop, logger: core.logger)
    self.channel = channel
    let driver = NIOLoopBound(self, eventLoop: eventLoop)
    channel.stream(CimV1.Push.Methods.link) { stream -> LinkStreamHandler in
      driver.value.began(stream)
      return LinkStreamHandler(driver: driver.value, attempt: attempt)
    }
  }

  private func began(_ stream: ClientStream<CimV1.LinkRequest>) {
    self.stream = stream
    send(.hello(CimV1.RouteHello(routeID: core.routeID, protocolVersion: 1)))
  }

  fileprivate func received(_ message: CimV1.LinkResponse, attempt: UInt64) {
    perform(machine.received(message.frame, attempt: attempt, at: .now(), random: .random(in: 0...1)))
  }

  fileprivate func closed(_ status: RPCError, attempt: UInt64) {
    if attempt == machine.attempt, !whenFinished.isEmpty { letGo() }
    perform(
      machine.closed(attempt: attempt, reason: "\(status)", at: .now(), random: .random(in: 0...1)))
  }

  private func take(_ interest: CimV1.Interest, isFirst: Bool) {
    core.links.take(interest, of: link.instance, isFirst: isFirst)
    send(.interestAck(CimV1.InterestAck(version: interest.version)))
    guard isFirst else { return }
    core.logger.info("the link to a server is up", metadata: ["server": "\(link.instance)"])
    if let channel { pages = PagesStream(on: channel, core: core, eventLoop: eventLoop) }
    if outbox.hasDroppedKicks || core.links.takeMustRestate(link.instance) { restating.isForced = true }
    if let name = restating.up(storeID: core.storeID, link: "\(core.routeID)/\(machine.attempt)") {
      restate(name)
    }
    send(outbox.up(isInterested: isInterested))
  }

  private func giveUp(_ reason: String) {
    letGo()
    core.unresolved.add(outbox.down())
    let isFirst = core.links.down(link.instance)
    // Once per outage: the tries that follow fail for a reason that is known by then.
    core.logger.log(
      level: isFirst ? .warning : .debug,
      "the link to a server is down; making it again while it is registered",
      metadata: [
        "server": "\(link.instance)", "address": "\(link.record.pushEndpoint)", "reason": "\(reason)",
      ])
  }

  private func letGo() {
    pages?.end()
    pages = nil
    stream?.cancel()
    stream = nil
    for done in whenFinished { done() }
    whenFinished = []
    guard let channel else { return }
    self.channel = nil
    Task { await channel.shutdown(within: .zero) }
  }
}

/// Hands what comes on one try's stream to the driver.
private final class LinkStreamHandler: StreamHandler {
  typealias Inbound = CimV1.LinkResponse
  typealias Outbound = CimV1.LinkRequest

  private let driver: LinkDriver
  private let attempt: UInt64

  init(driver: LinkDriver, attempt: UInt64) {
    self.driver = driver
    self.attempt = attempt
  }

  func received(_ message: CimV1.LinkResponse) { driver.received(message, attempt: attempt) }
  func inboundEnded() {}
  func writable() {}
  func closed(_ status: RPCError) { driver.closed(status, attempt: attempt) }
}
