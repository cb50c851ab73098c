import CIMCore
import CIMProtos
import DequeModule
import NIOCore
import NgRPC

/// The sessions of one event loop. Everything here happens on that loop.
final class SessionShard {
  /// A deadline in the wheel. It counts only while the session still has that one.
  private struct Alarm {
    let session: UInt64
    let deadline: NIODeadline
  }

  let index: Int
  let eventLoop: any EventLoop
  let core: ServerCore

  private var sessions: [UInt64: SessionHandler] = [:]
  private var lastNumber: UInt64 = 0
  private var wheel: TimingWheel<Alarm>
  private var timer: RepeatedTask?
  /// Who is in the lobby and in groups.
  var members = MemberTable()
  /// What feeds want done: one for all, as one is asked at a time.
  var output = FeedOutput()
  /// Questions to the routes, see SessionShard+Questions.
  var fetches: FetchQueue
  var syncs: SyncQueue
  var areSyncsScheduled = false
  var acks = AckBuffer()
  var areAcksScheduled = false
  var reads = AckBuffer()
  var areReadsScheduled = false
  var looks: Deque<Look> = []
  var syncRounds: Rotation<UInt64>
  var tailsRound: [String] = []
  var tailsDue = 0.0
  var lastTails: NIODeadline
  private var restatements: Restatements
  /// Openings whose client has left, and of which nobody knows whether a route has written them.
  private var orphans: [Opening] = []
  private var draining: DrainSchedule?

  init(index: Int, eventLoop: any EventLoop, core: ServerCore) {
    self.index = index
    self.eventLoop = eventLoop
    self.core = core
    let (configuration, now) = (core.configuration, NIODeadline.now())
    wheel = TimingWheel(tick: configuration.tick, slots: 64, now: now)
    fetches = FetchQueue(
      maxInFlight: configuration.maxFetchesInFlight, timeout: configuration.questionTimeout)
    syncs = SyncQueue(maxSessions: 64, maxInFlight: 8, timeout: configuration.questionTimeout)
    syncRounds = Rotation(interval: configuration.syncInterval, now: now)
    lastTails = now
    restatements = Restatements(maxInFlight: configuration.maxRestatements)
  }

  /// A session that is here.
  subscript(number: UInt64) -> SessionHandler? { sessions[number] }

  // MARK: Who is here

  /// Takes a session in.
  func add(_ make: (UInt64) -> SessionHandler) -> SessionHandler {
    lastNumber += 1
    let session = make(lastNumber)
    sessions[lastNumber] = session
    syncRounds.add(lastNumber)
    core.openStreams.count()
    startTimer()
    setAlarm(for: session)
    return session
  }

  /// Lets a session go.
  func remove(_ number: UInt64) {
    // While it is known who has stored what.
    if !acks.isEmpty { sendAcks() }
    if !reads.isEmpty { sendReads() }
    guard sessions.removeValue(forKey: number) != nil else { return }
    core.openStreams.count(-1)
    if restatements.ended(number) { restateNext() }
    if sessions.isEmpty {
      timer?.cancel()
      timer = nil
    }
  }

  // MARK: Deadlines

  /// Looks at the session when its deadline comes, if that is earlier than the time at which it is looked at anyway.
  func setAlarm(for session: SessionHandler) {
    let deadline = session.deadline
    guard deadline < session.alarm else { return }
    session.alarm = deadline
    wheel.insert(Alarm(session: session.number, deadline: deadline), at: deadline)
  }

  private func startTimer() {
    guard timer == nil else { return }
    // Deadlines of sessions that have gone in the meantime.
    _ = wheel.advance(to: .now())
    let shard = NIOLoopBound(self, eventLoop: eventLoop)
    timer = eventLoop.scheduleRepeatedTask(initialDelay: wheel.tick, delay: wheel.tick) { _ in
      shard.value.tick()
    }
  }

  private func tick() {
    let now = NIODeadline.now()
    for alarm in wheel.advance(to: now) {
      guard let session = sessions[alarm.session], session.alarm == alarm.deadline else { continue }
      session.alarm = .distantFuture
      session.expire(at: now)
      if sessions[alarm.session] != nil { setAlarm(for: session) }
    }
    askRoutes(at: now)
    restatements.retry()
    restateNext()
  }

  // MARK: Events

  /// Handles what has come from other threads.
  func handle(_ events: [ShardEvent]) {
    for event in events { handle(event) }
  }

  private func handle(_ event: ShardEvent) {
    switch event {
    case .granted(let granted, let device, let instance, let number):
      self.granted(granted, device: device, under: instance, to: number)
    case .denied(let denied, let number):
      _ = restatements.ended(number)
      sessions[number]?.denied(denied)
      restateNext()
    case .answered(let result, let send, let number): sessions[number]?.answered(result, number: send)
    case .delivered(let delivered, let number): sessions[number]?.delivered(delivered)
    case .receipt(let receipt, let numbers):
      for number in numbers { sessions[number]?.tell(receipt) }
    case .readMarks(let cursors, let numbers):
      for number in numbers { sessions[number]?.tell(readMarks: cursors) }
    case .openLost(let link, let opening):
      if let session = sessions[opening.session] { session.openLost(on: link) } else { adopt(opening) }
    case .linkLost(let link, let number): sessions[number]?.resend(lostOn: link)
    case .linksChanged:
      linksChanged()
      adoptOrphans()
      restateNext()
    case .inForce(let number): sessions[number]?.interestInForce()
    case .deliverToMembers(let entry):
      for number in members[entry.conversation] { sessions[number]?.receive(entry, isNamed: false) }
    case .deliver(let entry, let recipients, let report): deliver(entry, to: recipients, report: report)
    case .heard(let position, let conversation, let named):
      for number in named.map(Set.init) ?? members[conversation] {
        sessions[number]?.hear(of: position, in: conversation, isNamed: named != nil)
      }
    case .synced(let sessions, let batch): synced(sessions, batch: batch)
    case .syncFailed(let batch, let isElsewherePossible):
      syncs.failed(batch, isElsewherePossible: isElsewherePossible)
      scheduleSyncs()
    case .syncAll: for number in sessions.keys { sync(number, isNew: true) }
    case .page(let page, let request): take(page, for: request)
    case .fetchFailed(let request, let isElsewherePossible):
      fetches.failed(request, isElsewherePossible: isElsewherePossible)
      sendFetches()
    case .pagesUp:
      fetches.retry(at: .now())
      sendFetches()
    case .kick(let kick, let number, let epoch): sessions[number]?.kick(kick, epoch: epoch)
    case .drain(let plan): drain(plan)
    case .endAll(let status): forEach { $0.end(status) }
    case .restate:
      for number in sessions.keys { restatements.add(number) }
      restateNext()
    }
  }

  private func granted(
    _ granted: CimV1.SessionGranted, device: String, under instance: ServerInstance, to number: UInt64
  ) {
    _ = restatements.ended(number)
    if let session = sessions[number], session.awaitsGrant {
      session.granted(granted)
      // The server has registered anew in the meantime, which voids what was written.
      if instance != core.instance { restateLater(number) }
    } else {
      // The client did not wait for it: nobody is online by this session.
      core.links.report(
        closed: CimV1.SessionRef(
          userID: granted.user?.id ?? 0, deviceID: device, sessionEpoch: granted.sessionEpoch))
    }
    restateNext()
  }

  // MARK: Openings without a client

  /// A client has left, and the route that was asked for its session has gone: when it wrote the session, nobody knows its
  /// epoch, and the user is online for ever. It is asked for once more, and closed when it is granted.
  private func adopt(_ opening: Opening) {
    // What is stated again has an epoch, which was reported as closed.
    guard opening.epoch == 0 else { return }
    orphans.append(opening)
    adoptOrphans()
  }

  private func adoptOrphans() {
    while let opening = orphans.last, let link = core.links.choose(for: opening.key) {
      let address = SessionAddress(shard: index, number: opening.session)
      // A link that takes nothing has gone since it was chosen, and is not chosen again.
      guard
        link.push(.open(token: opening.token, device: opening.device, epoch: 0, for: address))
      else { continue }
      orphans.removeLast()
    }
  }

  /// Sessions may leave while they are visited.
  private func forEach(_ body: (SessionHandler) -> Void) {
    for session in Array(sessions.values) { body(session) }
  }

  private func deliver(_ entry: FramedEntry, to recipients: [ShardEvent.Recipient], report: NotHereReport) {
    for recipient in recipients {
      guard let session = sessions[recipient.number] else {
        core.counters.notHere.count()
        report.send(recipient.session)
        continue
      }
      session.receive(entry, isNamed: true)
    }
  }

  // MARK: Restating

  /// A session is to be stated again.
  func restate(_ number: UInt64) {
    restatements.add(number)
    restateNext()
  }

  /// A session could not be stated again: it is tried at the next tick.
  func restateLater(_ number: UInt64) { restatements.postpone(number) }

  /// States sessions again, a bounded number at a time, while there is a route to tell.
  private func restateNext() {
    guard core.links.count > 0 else { return }
    while let number = restatements.next() {
      if sessions[number]?.restate() != true { _ = restatements.ended(number) }
    }
  }

  // MARK: Going away

  private func drain(_ plan: DrainSchedule.Plan) {
    draining = DrainSchedule(plan, sessions: sessions.keys.shuffled(), offset: index)
    drainNext()
  }

  private func drainNext() {
    guard let drains = draining?.next(at: .now()) else { return }
    for (number, drain) in drains { sessions[number]?.drain(drain) }
    guard draining?.isOver == false else { return }
    let shard = NIOLoopBound(self, eventLoop: eventLoop)
    eventLoop.scheduleTask(in: .milliseconds(20)) { shard.value.drainNext() }
  }
}
