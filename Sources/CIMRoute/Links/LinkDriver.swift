import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// Makes and keeps the link to one server: carries out what its machine decides. On its event loop only.
final class LinkDriver {
  private let link: ServerLink
  private let core: RouteCore
  private let eventLoop: any EventLoop
  private var machine: LinkMachine
  private var parked: ParkedFrames
  private var channel: RPCChannel?
  private var stream: ClientStream<CimV1.LinkRequest>?
  private var timer: RepeatedTask?

  init(link: ServerLink, core: RouteCore, eventLoop: any EventLoop) {
    self.link = link
    self.core = core
    self.eventLoop = eventLoop
    let configuration = core.configuration
    machine = LinkMachine(
      to: link.instance, timing: configuration.linkTiming, backoff: .defaults, now: .now())
    parked = ParkedFrames(maxCount: configuration.maxParkedFrames, maxAge: configuration.maxParkedAge)
  }

  /// Begins to make the link.
  func start() {
    let interval = min(core.configuration.linkTiming.checkEvery, .milliseconds(50))
    let driver = NIOLoopBound(self, eventLoop: eventLoop)
    timer = eventLoop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { _ in driver.value.check() }
  }

  private func check() { perform(machine.check(at: .now(), random: .random(in: 0...1))) }

  // MARK: Commands

  func carryOut(_ commands: [LinkCommand]) {
    for command in commands { carryOut(command) }
  }

  private func carryOut(_ command: LinkCommand) {
    switch command {
    case .live(let frame): live(frame)
    case .reply(let frame, let attempt, let undo):
      guard attempt == machine.attempt, let stream else { return undo() }
      send(frame, on: stream)
    case .stop: stop()
    }
  }

  private func live(_ frame: LiveFrame) {
    guard machine.isUp, let stream else { return core.counters.dropped.count(parked.park(frame, at: .now())) }
    switch frame {
    case .message(let message, _): send(message, on: stream)
    case .kick(let kick): send(.kick(kick), on: stream)
    }
  }

  private func send(_ message: FramedMessage, on stream: ClientStream<CimV1.LinkRequest>) {
    guard stream.pendingBytes <= core.configuration.maxLinkOutboundBytes else {
      // The server does not keep up. The message is in the log, and memory here has an end.
      return core.counters.dropped.count()
    }
    stream.send(framed: message)
    core.counters.deliveries.count()
    machine.sent(at: .now())
  }

  private func send(_ frame: CimV1.LinkRequest.Frame, on stream: ClientStream<CimV1.LinkRequest>) {
    stream.send(CimV1.LinkRequest(frame: frame))
    machine.sent(at: .now())
  }

  private func stop() {
    machine.stop()
    timer?.cancel()
    timer = nil
    letGo()
    for case .reply(_, _, let undo) in link.close() { undo() }
  }

  // MARK: The stream

  private func perform(_ action: LinkMachine.Action) {
    switch action {
    case .nothing: break
    case .open(let attempt): open(attempt)
    case .interest(let interest, let isFirst): take(interest, isFirst: isFirst)
    case .handle(let frame): core.handle(frame, from: LinkOrigin(link: link, attempt: machine.attempt))
    case .ignore: core.counters.ignoredFrames.count()
    case .ping:
      if let stream { send(.ping(CimV1.LinkPing()), on: stream) }
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
    send(.hello(CimV1.RouteHello(routeID: core.routeID, protocolVersion: 1)), on: stream)
  }

  fileprivate func received(_ message: CimV1.LinkResponse, attempt: UInt64) {
    perform(machine.received(message.frame, attempt: attempt, at: .now(), random: .random(in: 0...1)))
  }

  fileprivate func closed(_ status: RPCError, attempt: UInt64) {
    perform(
      machine.closed(attempt: attempt, reason: "\(status)", at: .now(), random: .random(in: 0...1)))
  }

  private func take(_ interest: CimV1.Interest, isFirst: Bool) {
    core.links.take(interest, of: link.instance, isFirst: isFirst)
    if let stream { send(.interestAck(CimV1.InterestAck(version: interest.version)), on: stream) }
    guard isFirst else { return }
    core.logger.info("the link to a server is up", metadata: ["server": "\(link.instance)"])
    let (frames, dropped) = parked.takeAll(at: .now())
    core.counters.dropped.count(dropped)
    for frame in frames where frame.conversation.map(core.links.isInterested(link.instance)) ?? true {
      live(frame)
    }
  }

  private func giveUp(_ reason: String) {
    letGo()
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
    stream?.cancel()
    stream = nil
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
