import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC
import Synchronization

/// What all parts of a route share, and what is done with what servers say.
final class RouteCore: Sendable {
  let configuration: RouteConfiguration
  /// Names this start of the route to servers.
  let routeID: String
  let startedAt = Timestamp.now()
  let stores: Stores
  let accounts: KnownAccounts
  let links: LinkSet
  let counters = RouteCounters()
  let unresolved: Unresolved
  let gate: RateGate
  let intake: Intake
  let acks: AckDesk
  let receipts: ReceiptDesk
  let reads: ReadDesk
  let contacts: KnownContacts
  let desk: SessionDesk
  let groups: GroupDesk
  let delayed: DelayedRunner
  let pages: PageReader
  let logger: Logger
  private let lost: LostSessions
  private let sync: SyncDesk
  private let store: Mutex<String?> = Mutex(nil)
  private let draining = Atomic(false)
  /// What servers say of devices' sessions: the end of one never overtakes its beginning.
  let devices = WorkLanes<DeviceKey>()
  /// How many batches of sessions are looked at side by side: more would stand in the way of sends.
  private static let syncLanes: UInt64 = 4
  private let syncs = WorkLanes<UInt64>()

  init(configuration: RouteConfiguration, stores: Stores, logger: Logger) {
    self.configuration = configuration
    self.stores = stores
    self.logger = logger
    routeID = ServerInstance(id: configuration.id, incarnation: .random()).description
    accounts = KnownAccounts(store: stores.accounts, capacity: configuration.maxKnownAccounts)
    links = LinkSet(
      balancer: configuration.balancing.balancer, newcomerGrace: configuration.unknownServerGrace)
    unresolved = Unresolved(
      sessions: stores.sessions, links: links, grace: configuration.unknownServerGrace,
      capacity: configuration.maxPendingTails, counters: counters, logger: logger)
    let delivery = Delivery(sessions: stores.sessions, links: links, unresolved: unresolved)
    desk = SessionDesk(
      stores: stores, accounts: accounts, links: links, persistence: Persistence(logger: logger),
      policy: configuration.loginPolicy, patience: configuration.linkDownAfter, counters: counters,
      logger: logger)
    lost = LostSessions(
      sessions: stores.sessions, links: links, unresolved: unresolved, desk: desk,
      grace: configuration.unknownSessionGrace, logger: logger)
    gate = RateGate(store: stores.limits, counters: counters)
    receipts = ReceiptDesk(
      stores: stores, accounts: accounts, links: links, rules: configuration.receiptRules, counters: counters,
      logger: logger)
    reads = ReadDesk(
      stores: stores, links: links, receipts: receipts, capacity: configuration.maxPendingAcks,
      counters: counters, logger: logger)
    contacts = KnownContacts(store: stores.contacts, capacity: configuration.maxKnownAccounts)
    acks = AckDesk(
      cursors: stores.cursors, receipts: receipts, capacity: configuration.maxPendingAcks, counters: counters,
      logger: logger)
    intake = Intake(
      configuration: configuration, log: stores.log, accounts: accounts, contacts: contacts,
      delivery: delivery, acks: acks, counters: counters, logger: logger)
    delayed = DelayedRunner(
      configuration: configuration, store: stores.delayed, intake: intake, links: links, counters: counters,
      logger: logger)
    groups = GroupDesk(stores: stores, delivery: delivery, counters: counters, logger: logger)
    pages = PageReader(
      log: stores.log, lateLimit: configuration.maxLateMessages, counters: counters, logger: logger)
    sync = SyncDesk(stores: stores, logger: logger)
  }

  // MARK: State

  /// Which store it is, once that is known.
  var storeID: String? { store.withLock { $0 } }

  /// Follows the store's identity: when another one has taken its place, all sessions are stated again. Until the task is
  /// cancelled.
  func followStore() async {
    for await identity in stores.sessions.identities() {
      let previous = store.withLock { store in
        defer { store = identity }
        return store
      }
      guard previous != identity else { continue }
      contacts.forget()
      if previous != nil {
        counters.storeChanges.count()
        logger.warning("the store is another one than before; sessions are stated again")
      }
      // Under a name of this route's when it has seen another store before: what was stated at its demand for other routes'
      // may have been written by it into the one that is gone.
      let isChange = previous != nil
      links.restate(name: isChange ? "\(identity)/\(routeID)" : identity, isOwed: isChange)
    }
  }

  /// Whether this route goes away: what servers ask from now on is not answered, and asked elsewhere once the links end.
  var isDraining: Bool {
    get { draining.load(ordering: .acquiring) }
    set { draining.store(newValue, ordering: .releasing) }
  }

  // MARK: Frames

  /// Handles what a server says. Called on the link's event loop; what has to wait for a store goes on elsewhere.
  func handle(_ frame: CimV1.LinkResponse.Frame, from origin: LinkOrigin) {
    switch frame {
    case .sessionOpened(let opened): open(opened, from: origin)
    case .sessionClosed(let closed): close(closed)
    case .send(let send): accept(send, from: origin)
    case .ack(let ack): acks.take(ack)
    case .read(let read): reads.take(read)
    case .sync(let sync):
      syncs.run(for: sync.requestID % Self.syncLanes) {
        origin.reply(.syncResult(await self.sync.answer(sync, of: origin.link.instance)))
      }
    case .tailsQuery(let query):
      Task {
        if let tails = await self.sync.tails(of: query) { origin.link.push(.send(.tails(tails))) }
      }
    case .notHere(let notHere):
      counters.notHere.count()
      Task { await self.lost.take(notHere) }
    case .hello, .interest, .ping, .deliverAck: counters.ignoredFrames.count()
    }
  }

  private func open(_ opened: CimV1.SessionOpened, from origin: LinkOrigin) {
    guard !isDraining else { return }
    // Without a user it is refused, in whichever order.
    let user = LoginToken(opened.token)?.user.rawValue ?? 0
    devices.run(for: DeviceKey(user: user, device: opened.deviceID)) {
      let opening = await self.desk.open(opened, on: origin.link.instance, arrived: origin.arrived)
      let result = CimV1.SessionResult(requestID: opened.requestID, outcome: opening.outcome)
      origin.reply(.sessionResult(result)) { isSent in self.desk.conclude(opening, isTold: isSent) }
    }
  }

  private func close(_ closed: CimV1.SessionClosed) {
    guard let session = closed.session, let device = try? DeviceID(session.deviceID) else {
      return counters.ignoredFrames.count()
    }
    devices.run(for: DeviceKey(user: session.userID, device: session.deviceID)) {
      await self.desk.close(
        UserDevice(user: UserID(session.userID), device: device), SessionEpoch(session.sessionEpoch))
    }
  }

  private func accept(_ send: CimV1.LinkSend, from origin: LinkOrigin) {
    guard !isDraining else { return }
    let sendID = send.send?.sendID
    let isToBeDelivered = send.send?.ackLevel == .delivered
    let answer: @Sendable (Verdict) -> Void = { verdict in
      let outcome: CimV1.SendResult.Outcome =
        switch verdict {
        case .accepted(let entry, let duplicate, let reached):
          .accepted(CimV1.Accepted(entry, duplicate: duplicate, reached: reached))
        case .refused(let refused): .refused(refused)
        }
      origin.reply(
        .sendResult(
          CimV1.LinkSendResult(
            requestID: send.requestID, result: CimV1.SendResult(sendID: sendID, outcome: outcome))))
      if isToBeDelivered, case .accepted(let entry, _, let reached) = verdict, reached != .delivered {
        Task { await self.tellArrival(of: entry, send, to: origin.link) }
      }
    }
    let submission: Submission
    do throws(InvalidSubmission) {
      submission = try Submission(send)
    } catch {
      return answer(.refused(error.refusal))
    }
    // In the order in which they came: a producer's counters are taken in theirs only.
    gate.admit(configuration.limits.send(submission.sender.id, try? DeviceID(send.deviceID))) { admission in
      switch admission {
      case .admitted: self.intake.submit(submission, answer)
      case .refused(let refusal): answer(.refused(CimV1.Refused(refusal)))
      case .unknown(let reason):
        answer(.unavailable("The limits can't be looked at; send it again. \(reason)"))
      }
    }
  }

  /// Tells the session from which a message was sent when it has reached a device of its receiver.
  private func tellArrival(of entry: LogEntry, _ send: CimV1.LinkSend, to link: ServerLink) async {
    let delivered = CimV1.LinkDelivered(
      session: CimV1.SessionRef(
        userID: send.sender?.id ?? 0, deviceID: send.deviceID, sessionEpoch: send.sessionEpoch),
      delivered: CimV1.Delivered(sendID: send.send?.sendID, position: CimV1.LogPosition(entry.position)))
    await acks.whenArrived(entry) { link.push(.send(.delivered(delivered))) }
  }
}
