import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC

/// A route's link at the server: carries out what its machine decides. On its event loop only.
final class LinkHandler: StreamHandler {
  typealias Inbound = CimV1.LinkRequest
  typealias Outbound = CimV1.LinkResponse

  /// How long a route may take to remove a closed session: it goes on trying while the store is away.
  private static let reportAge = TimeAmount.minutes(2)

  /// How long a delivery may wait for its acknowledgement; push.proto states it.
  private static let acknowledgeAfter = TimeAmount.milliseconds(50)

  private let id: LinkID
  private let stream: ServerStream<CimV1.LinkResponse>
  private let core: ServerCore
  /// The registration that this link's hello named; another one ends the link.
  private let instance: ServerInstance
  private let queue: EventLoopQueue<LinkCommand>
  private var machine: LinkMachine
  private var peer: LinkPeer?
  private var requests = LinkRequests()
  private var deliveries = DeliveryCount()
  private var reports: RecentReports
  private var timer: RepeatedTask?

  /// - Throws: UNAVAILABLE when the server is not registered: not yet, or not any more.
  init(stream: ServerStream<CimV1.LinkResponse>, core: ServerCore) throws(RPCError) {
    guard let instance = core.instance else {
      throw RPCError(code: .unavailable, message: "This server is not registered; try again in a second.")
    }
    self.instance = instance
    self.stream = stream
    self.core = core
    id = core.nextLinkID()
    queue = EventLoopQueue(eventLoop: stream.eventLoop)
    let timing = core.configuration.linkTiming
    machine = LinkMachine(timing: timing, now: .now())
    reports = RecentReports(maxAge: Self.reportAge)
    let handler = NIOLoopBound(self, eventLoop: stream.eventLoop)
    timer = stream.eventLoop.scheduleRepeatedTask(initialDelay: timing.checkEvery, delay: timing.checkEvery) {
      _ in
      handler.value.perform(handler.value.machine.check(at: .now()))
    }
  }

  func received(_ message: CimV1.LinkRequest) {
    perform(machine.received(message.frame, at: .now()))
  }

  /// The route goes away: what it has not answered is asked elsewhere.
  func inboundEnded() { perform(machine.end(.ok, "")) }

  func writable() {}

  func closed(_ status: RPCError) {
    _ = machine.end(status.code, status.message)
    goDown(status)
  }

  private func perform(_ action: LinkMachine.Action) {
    switch action {
    case .nothing: break
    case .up(let routeID): goUp(routeID)
    case .handle(let frame): handle(frame)
    case .ignore: core.counters.ignoredFrames.count()
    case .ping: ping()
    case .end(let code, let message):
      let status = RPCError(code: code, message: message)
      stream.close(code == .ok ? nil : status)
      goDown(status)
    }
  }

  private func send(_ frame: CimV1.LinkResponse.Frame) {
    stream.send(CimV1.LinkResponse(frame: frame))
  }

  private func ping() {
    send(.ping(core.load))
  }

  // MARK: Up and down

  private func goUp(_ routeID: String) {
    let peer = LinkPeer(id: id, routeID: routeID, queue: queue)
    self.peer = peer
    send(
      .hello(
        CimV1.ServerHello(
          serverID: instance.id.rawValue, incarnation: instance.incarnation.rawValue, protocolVersion: 1)))
    // Before the interest, with which the route begins to send clients here.
    ping()
    let handler = NIOLoopBound(self, eventLoop: stream.eventLoop)
    queue.open { commands in handler.value.carryOut(commands) }
    core.links.up(peer)
    core.shards.pushToAll(.linksChanged)
    core.logger.info("a route's link is up", metadata: ["route": "\(routeID)", "link": "\(id.rawValue)"])
    // The registration may have changed while this link was being made.
    if core.instance != instance { perform(machine.end(.aborted, Self.outdated)) }
  }

  /// Why links of an earlier registration are ended.
  static let outdated = "This server has a new registration; make a new link to it."

  /// Frees what the link holds and has its open requests asked elsewhere; again, nothing happens.
  private func goDown(_ status: RPCError) {
    timer?.cancel()
    timer = nil
    guard let peer else { return }
    self.peer = nil
    // First out of the table, then closed: a link that takes nothing is never chosen again.
    let released = core.links.down(id)
    let unsent = queue.close()
    core.interestInForce(released)
    if !core.links.isLinked(peer.routeID) { core.pages.end(of: peer.routeID) }
    // What was on its way over this link may have come to nobody.
    core.shards.pushToAll(.linksChanged)
    var sessions: Set<SessionAddress> = []
    for request in requests.takeAll() {
      switch request {
      case .open(let token, let device, let epoch, let session):
        openLost(token: token, device: device, epoch: epoch, of: session)
      case .send(_, let session): sessions.insert(session)
      case .sync(let batch, let shard): syncFailed(batch, shard)
      }
    }
    for session in sessions { core.shards.push(.linkLost(id, to: session.number), to: session.shard) }
    for command in unsent { giveBack(command) }
    for session in reports.takeAll(at: .now()) { core.links.report(closed: session) }
    core.logger.log(
      level: status.code == .ok ? .info : .warning, "a route's link is down",
      metadata: ["route": "\(peer.routeID)", "link": "\(id.rawValue)", "status": "\(status)"])
  }

  /// Has a command that came too late for this link carried out by another.
  private func giveBack(_ command: LinkCommand) {
    switch command {
    case .open(let token, let device, let epoch, let session):
      openLost(token: token, device: device, epoch: epoch, of: session)
    case .send(_, _, let session, _):
      core.shards.push(.linkLost(id, to: session.number), to: session.shard)
    case .sync(_, let batch, let shard): syncFailed(batch, shard)
    case .frame(.tailsQuery(let query)): core.links.query(tailsOf: query.conversations)
    case .frame(.sessionClosed(let closed)):
      if let session = closed.session { core.links.report(closed: session) }
    case .frame, .end: break
    }
  }

  private func openLost(token: String, device: String, epoch: UInt64, of session: SessionAddress) {
    core.shards.push(
      .openLost(id, Opening(token: token, device: device, epoch: epoch, session: session.number)),
      to: session.shard)
  }

  private func syncFailed(_ batch: UInt64, _ shard: Int) {
    core.shards.push(.syncFailed(batch, isElsewherePossible: core.links.count > 0), to: shard)
  }

  // MARK: To the route

  private func carryOut(_ commands: [LinkCommand]) {
    for command in commands {
      // A command before it may have ended the link.
      guard peer != nil else {
        giveBack(command)
        continue
      }
      switch command {
      case .frame(let frame):
        send(frame)
        if case .sessionClosed(let closed) = frame, let session = closed.session {
          reports.add(session, at: .now())
        }
      case .open(let token, let device, let epoch, let session):
        let request = requests.add(.open(token: token, device: device, epoch: epoch, for: session))
        send(
          .sessionOpened(
            CimV1.SessionOpened(requestID: request, token: token, deviceID: device, sessionEpoch: epoch)))
      case .sync(let sessions, let batch, let shard):
        let request = requests.add(.sync(batch: batch, from: shard))
        send(.sync(CimV1.Sync(requestID: request, sessions: sessions)))
      case .send(let message, _, let session, let number)
      where stream.pendingBytes > core.configuration.maxLinkOutboundBytes:
        let refused = CimV1.Refused(
          reason: .unavailable, detail: "The route does not keep up; send it again in a moment.")
        core.shards.push(
          .answered(
            CimV1.SendResult(sendID: message.sendID, outcome: .refused(refused)), number: number,
            to: session.number),
          to: session.shard)
      case .send(let message, let sender, let session, let number):
        let request = requests.add(.send(number: number, from: session))
        send(
          .send(
            CimV1.LinkSend(
              requestID: request, sender: sender.user, deviceID: sender.device, send: message,
              sessionEpoch: sender.epoch)))
      case .end(let status): perform(machine.end(status.code, status.message))
      }
    }
  }

  // MARK: From the route

  private func handle(_ frame: CimV1.LinkRequest.Frame) {
    switch frame {
    case .deliver(let deliver): self.deliver(deliver)
    case .kick(let kick): self.kick(kick)
    case .sessionResult(let result): opened(result)
    case .sendResult(let result): sent(result)
    case .interestAck(let acknowledged):
      core.interestInForce(core.links.acknowledge(acknowledged.version, by: id))
    case .syncResult(let result): synced(result)
    case .tails(let tails): take(tails)
    case .probe(let probe): answer(probe)
    case .restate(let restate): core.restate(restate.storeID)
    case .delivered(let delivered): core.delivered(delivered)
    case .receipts(let receipts): for receipt in receipts.receipts { tell(receipt) }
    case .readMarks(let marks): tell(marks)
    case .hello, .ping: break
    }
  }

  private func tell(_ told: CimV1.LinkReceipt) {
    guard let receipt = told.receipt else { return core.counters.ignoredFrames.count() }
    // Those that are not here any more ask for it when they want to know.
    for (shard, recipients) in core.locate(told.sessions).here {
      core.shards.push(.receipt(receipt, to: recipients.map(\.number)), to: shard)
    }
  }

  private func tell(_ told: CimV1.LinkReadMarks) {
    guard let marks = told.readMarks else { return core.counters.ignoredFrames.count() }
    // Those that are elsewhere by now are told there, as new sessions.
    for (shard, recipients) in core.locate(told.sessions).here {
      core.shards.push(.readMarks(marks.cursors, to: recipients.map(\.number)), to: shard)
    }
  }

  private func opened(_ result: CimV1.SessionResult) {
    guard case .open(_, let device, _, let session) = requests.take(result.requestID) else {
      return core.counters.ignoredFrames.count()
    }
    switch result.outcome {
    case .granted(let granted):
      core.shards.push(
        .granted(granted, device: device, under: instance, to: session.number), to: session.shard)
    case .denied(let denied): core.shards.push(.denied(denied, to: session.number), to: session.shard)
    case nil:
      // An outcome that a newer route knows: it is no grant.
      let denied = CimV1.SessionDenied(
        statusCode: UInt32(StatusCode.unavailable.rawValue),
        detail: "The route's answer is not known; log in again.")
      core.shards.push(.denied(denied, to: session.number), to: session.shard)
    }
  }

  private func sent(_ answer: CimV1.LinkSendResult) {
    guard case .send(let number, let session) = requests.take(answer.requestID),
      let result = answer.result
    else { return core.counters.ignoredFrames.count() }
    core.shards.push(.answered(result, number: number, to: session.number), to: session.shard)
  }

  private func kick(_ kick: CimV1.KickSession) {
    guard let session = kick.session, let reason = kick.kick else {
      return core.counters.ignoredFrames.count()
    }
    core.kick(session, reason)
  }

  private func synced(_ result: CimV1.SyncResult) {
    guard case .sync(let batch, let shard) = requests.take(result.requestID) else {
      return core.counters.ignoredFrames.count()
    }
    guard !result.unavailable else {
      // Every route has the same store: a moment is better than another route.
      return core.shards.push(.syncFailed(batch, isElsewherePossible: false), to: shard)
    }
    core.shards.push(.synced(result.sessions, batch: batch), to: shard)
  }

  private func answer(_ probe: CimV1.Probe) {
    let missing = core.locate(probe.sessions).missing
    core.counters.notHere.count(missing.count)
    for session in missing { send(.notHere(CimV1.NotHere(session: session))) }
  }

  private func take(_ tails: CimV1.Tails) {
    for tail in tails.tails {
      let position = LogPosition(tail.position)
      guard !tail.sessions.isEmpty else {
        core.shards.pushToAll(.heard(position, in: tail.conversation, by: nil))
        continue
      }
      let (here, missing) = core.locate(tail.sessions)
      core.counters.notHere.count(missing.count)
      for session in missing {
        send(
          .notHere(
            CimV1.NotHere(session: session, conversation: tail.conversation, position: tail.position)))
      }
      for (shard, recipients) in here {
        core.shards.push(.heard(position, in: tail.conversation, by: recipients.map(\.number)), to: shard)
      }
    }
    if tails.all { core.shards.pushToAll(.syncAll) }
  }

  private func deliver(_ deliver: CimV1.Deliver) {
    guard let peer, let message = deliver.message else { return core.counters.ignoredFrames.count() }
    do {
      let entry = try FramedEntry(message)
      if deliver.sessions.isEmpty {
        core.shards.pushToAll(.deliverToMembers(entry))
      } else {
        self.deliver(entry, to: deliver.sessions, reportingTo: peer)
      }
    } catch {
      core.logger.error("a message can't be encoded and is not delivered", metadata: ["error": "\(error)"])
    }
    acknowledge(deliver.number)
  }

  private func deliver(_ entry: FramedEntry, to sessions: [CimV1.SessionRef], reportingTo peer: LinkPeer) {
    let report = NotHereReport(conversation: entry.conversation, position: entry.position.wire, link: peer)
    let (here, missing) = core.locate(sessions)
    for (shard, recipients) in here {
      core.shards.push(.deliver(entry, to: recipients, report: report), to: shard)
    }
    core.counters.notHere.count(missing.count)
    for session in missing { report.send(session) }
  }

  private func acknowledge(_ number: UInt64) {
    switch deliveries.received(number) {
    case .nothing: break
    case .acknowledge(let number): send(.deliverAck(CimV1.DeliverAck(number: number)))
    case .schedule:
      let handler = NIOLoopBound(self, eventLoop: stream.eventLoop)
      stream.eventLoop.scheduleTask(in: Self.acknowledgeAfter) {
        let handler = handler.value
        guard handler.peer != nil, let number = handler.deliveries.due() else { return }
        handler.send(.deliverAck(CimV1.DeliverAck(number: number)))
      }
    }
  }
}
