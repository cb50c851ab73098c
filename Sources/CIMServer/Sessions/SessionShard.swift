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
  /// Sessions to be stated again, those for which it is under way, and those that wait for the next tick.
  private var unstated: Deque<UInt64> = []
  private var restating: Set<UInt64> = []
  private var postponed: [UInt64] = []
  /// Sessions for which much waits since this tick, and since the one before.
  private var behind: Set<UInt64> = []
  private var longBehind: Set<UInt64> = []

  init(index: Int, eventLoop: any EventLoop, core: ServerCore) {
    self.index = index
    self.eventLoop = eventLoop
    self.core = core
    wheel = TimingWheel(tick: core.configuration.tick, slots: 64, now: .now())
  }

  // MARK: Who is here

  /// Takes a session in.
  func add(_ make: (UInt64) -> SessionHandler) -> SessionHandler {
    lastNumber += 1
    let session = make(lastNumber)
    sessions[lastNumber] = session
    core.openStreams.count()
    startTimer()
    setAlarm(for: session)
    return session
  }

  /// Lets a session go.
  func remove(_ number: UInt64) {
    guard sessions.removeValue(forKey: number) != nil else { return }
    core.openStreams.count(-1)
    if restating.remove(number) != nil { restateNext() }
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
    dropSlowClients()
    unstated.append(contentsOf: postponed)
    postponed = []
    restateNext()
  }

  // MARK: Slow clients

  /// Much waits for a session's client: it is looked at again when a whole tick has passed.
  func watch(_ number: UInt64) {
    if !longBehind.contains(number) { behind.insert(number) }
  }

  private func dropSlowClients() {
    let suspects = longBehind
    longBehind = behind
    behind = []
    for number in suspects {
      guard let session = sessions[number], session.isBehind else { continue }
      session.dropSlowClient()
    }
  }

  // MARK: Events

  /// Handles what has come from other threads.
  func handle(_ events: [ShardEvent]) {
    for event in events { handle(event) }
  }

  private func handle(_ event: ShardEvent) {
    switch event {
    case .granted(let granted, let device, let instance, let number):
      restating.remove(number)
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
    case .denied(let denied, let number):
      restating.remove(number)
      sessions[number]?.denied(denied)
      restateNext()
    case .answered(let result, let send, let number): sessions[number]?.answered(result, number: send)
    case .linkLost(let link, let number): sessions[number]?.linkLost(link)
    case .linkUp: restateNext()
    case .inForce(let number): sessions[number]?.interestInForce()
    case .broadcast(let message, let user): broadcast(message, exceptUser: user)
    case .deliver(let message, let recipients, let report): deliver(message, to: recipients, report: report)
    case .kick(let kick, let number, let epoch): sessions[number]?.kick(kick, epoch: epoch)
    case .drain(let milliseconds): forEach { $0.drain(withinMilliseconds: milliseconds) }
    case .endAll(let status): forEach { $0.end(status) }
    case .restate:
      unstated = Deque(sessions.keys)
      restateNext()
    }
  }

  /// Sessions may leave while they are visited.
  private func forEach(_ body: (SessionHandler) -> Void) {
    for session in Array(sessions.values) { body(session) }
  }

  // MARK: Delivery

  private func broadcast(_ message: FramedMessage, exceptUser user: UInt64) {
    var delivered = 0
    var behind: [SessionHandler] = []
    for session in sessions.values where session.isOpen && session.user != user {
      delivered += 1
      if !session.deliver(message) { behind.append(session) }
    }
    for session in behind { session.dropSlowClient() }
    core.counters.delivered.count(delivered)
  }

  private func deliver(_ message: FramedMessage, to recipients: [ShardEvent.Recipient], report: NotHereReport)
  {
    for recipient in recipients {
      guard let session = sessions[recipient.number] else {
        core.counters.notHere.count()
        report.send(recipient.session)
        continue
      }
      core.counters.delivered.count()
      if !session.deliver(message) { session.dropSlowClient() }
    }
  }

  // MARK: A new registration

  /// A session could not be stated again: it is tried at the next tick.
  func restateLater(_ number: UInt64) {
    restating.remove(number)
    postponed.append(number)
  }

  /// States sessions again, a bounded number at a time, while there is a route to tell.
  private func restateNext() {
    guard !unstated.isEmpty, core.links.count > 0 else { return }
    while restating.count < core.configuration.maxRestatements, let number = unstated.popFirst() {
      guard let session = sessions[number] else { continue }
      restating.insert(number)
      if !session.restate() { restating.remove(number) }
    }
  }
}
