import TestSupport
import CIMCore
import CIMProtos

@testable import CIMClient
import NgRPC

/// A state machine with a clock that is set by hand, and what it did.
struct SessionDriver {
  typealias Action = SessionStateMachine.Action

  private(set) var machine: SessionStateMachine
  private(set) var now = ContinuousClock.now
  /// What the last input led to.
  private(set) var actions: [Action] = []
  private var tickets: UInt64 = 0

  /// What was stored by now.
  private(set) var record: ClientRecord

  init(
    record: ClientRecord? = nil, room: Int = .max,
    _ change: (inout SessionStateMachine.Settings) -> Void = { _ in }
  ) throws {
    var settings = SessionStateMachine.Settings(identity: .name(try UserName("olu")))
    change(&settings)
    let device = ClientChange.device(try DeviceID("laptop"), producerPrefix: Self.producerPrefix)
    self.record = record ?? ClientRecord([device])
    self.machine = SessionStateMachine(
      settings: settings, record: self.record, random: SplitMix(seed: record == nil ? 1 : 2))
    self.machine.room = room
  }

  static let producerPrefix = "laptop-"

  /// Notes what an input led to. The disk is fast: whatever it is to have, it has at once.
  private mutating func note(_ actions: [Action]) {
    self.actions = actions
    for change in self.machine.takeChanges() { self.record.apply(change) }
    if actions.contains(.synchronize) {
      self.actions += self.machine.synchronized(now: self.now)
    }
  }

  /// As whom a client logs in that knows its account.
  var account: ChatClient.Identity {
    self.machine.account.map { .account($0) } ?? self.machine.settings.identity
  }

  /// The attempt that is under way.
  var attempt: Int { self.machine.attempt }

  /// The events of the last input.
  var events: [ChatClient.Event] {
    self.actions.compactMap { if case .emit(let event) = $0 { event } else { nil } }
  }

  /// The frames of the last input.
  var frames: [CimV1.ConnectRequest.Frame] {
    self.actions.compactMap { if case .transmit(let frame, _) = $0 { frame } else { nil } }
  }

  /// The messages among them.
  var sends: [CimV1.Send] { self.frames.compactMap { if case .send(let send) = $0 { send } else { nil } } }

  /// What the last input opened.
  var opened: (grant: SessionStateMachine.Grant, hello: CimV1.Hello)? {
    for case .open(_, let grant, let hello) in self.actions { return (grant, hello) }
    return nil
  }

  /// Why, and for how long, the last input made the client wait.
  var waiting: (reason: String, delay: Duration)? {
    for case .state(.reconnecting(let reason, let delay)) in self.events { return (reason, delay) }
    return nil
  }

  /// Why the last input refused messages.
  var refusals: [SendError.Code] {
    self.actions.compactMap { action in
      if case .resolve(let resolution) = action { resolution.refusal } else { nil }
    }
  }

  mutating func start() { self.note(self.machine.start(now: self.now)) }

  mutating func logIn(server: String = "s1") throws {
    let grant = SessionStateMachine.Grant(
      account: Account(id: UserID(7), name: try UserName("olu")), token: "7.token",
      server: try ServerID(server),
      endpoint: Endpoint(host: "127.0.0.1", port: 7500))
    self.note(self.machine.loginSucceeded(grant, attempt: self.attempt, now: self.now))
  }

  mutating func loginFails(_ failure: ConnectionFailure) {
    self.note(self.machine.loginFailed(failure, attempt: self.attempt, now: self.now))
  }

  mutating func receive(_ frame: CimV1.ConnectResponse.Frame, attempt: Int? = nil) {
    self.note(self.machine.received(frame, attempt: attempt ?? self.attempt, now: self.now))
  }

  mutating func loseConnection(_ failure: ConnectionFailure = .transient("cut"), attempt: Int? = nil) {
    self.note(self.machine.connectionLost(failure, attempt: attempt ?? self.attempt, now: self.now))
  }

  /// Lets time pass without telling the machine.
  mutating func wait(_ duration: Duration) { self.now += duration }

  /// Sets the clock to the machine's next deadline, and tells it. Those at which only the disk has something to do pass by.
  mutating func passDeadline() {
    repeat {
      guard let deadline = self.machine.nextDeadline else { return }
      self.now = max(self.now, deadline)
      self.note(self.machine.timePassed(now: self.now))
    } while self.actions == [.synchronize]
  }

  /// Passes deadlines until one leads to something; ten at most.
  mutating func passDeadlines(until isWanted: (SessionDriver) -> Bool) {
    for _ in 1...10 where !isWanted(self) { self.passDeadline() }
  }

  /// Whether the last input led to a login.
  var isLoggingIn: Bool { self.actions.contains { if case .logIn = $0 { true } else { false } } }

  /// The application takes what was received, as many as that.
  mutating func take(_ count: Int) {
    self.machine.room = count
    self.note(self.machine.deliver(now: self.now))
  }

  mutating func abandon(_ ticket: UInt64) {
    self.machine.abandon(SendTicket(number: ticket), now: self.now)
    self.note([])
  }

  mutating func send(
    _ text: String, to destination: Destination = .lobby, properties: [String: String] = [:],
    level: AckLevel = .logged
  ) {
    self.tickets += 1
    self.note(
      self.machine.send(
        Draft(content: .text(text), properties: properties, level: level), to: destination,
        ticket: SendTicket(number: self.tickets), now: self.now))
  }

  mutating func markRead(_ conversation: Conversation, upTo position: LogPosition) {
    self.note(self.machine.markRead(conversation, upTo: position, now: self.now))
  }

  mutating func close(within limit: Duration) {
    self.note(self.machine.close(deadline: self.now + limit, now: self.now))
  }

  /// From the beginning to the welcome.
  mutating func connect(server: String = "s1") throws {
    self.start()
    try self.logIn(server: server)
    self.receive(.welcome(CimV1.Welcome(maxTextBytes: 100)))
  }

  mutating func accept(_ send: CimV1.Send, seq: UInt64 = 1, reached: CimV1.AckLevel = .logged) {
    self.receive(
      .sendResult(
        CimV1.SendResult(
          sendID: send.sendID,
          outcome: .accepted(
            CimV1.Accepted(position: CimV1.LogPosition(epoch: 1, seq: seq), reached: reached)))))
  }

  /// Somebody says something, by default somebody else.
  mutating func hear(
    _ text: String, seq: UInt64, after previous: UInt64? = nil, in conversation: String = "lobby",
    from sender: UInt64 = 9, sendID: CimV1.SendId? = nil, attempt: Int? = nil
  ) {
    self.hear(
      CimV1.Content(kind: .text(text)), seq: seq, after: previous, in: conversation, from: sender,
      sendID: sendID, attempt: attempt)
  }

  /// Something is logged.
  mutating func hear(
    _ content: CimV1.Content, seq: UInt64, after previous: UInt64? = nil, in conversation: String = "lobby",
    from sender: UInt64 = 9, sendID: CimV1.SendId? = nil, attempt: Int? = nil
  ) {
    let previous = previous ?? seq - 1
    self.receive(
      .message(
        CimV1.Message(
          conversation: conversation, position: CimV1.LogPosition(epoch: 1, seq: seq),
          previous: previous == 0 ? nil : CimV1.LogPosition(epoch: 1, seq: previous),
          sender: CimV1.User(id: sender, name: sender == 7 ? "olu" : "eve"), sendID: sendID, content: content)
      ),
      attempt: attempt)
  }
}

extension ChatClient.Event {
  /// What was said; `nil` for other events.
  var text: String? { if case .message(let message) = self { message.text } else { nil } }
}

extension Outbox.Resolution {
  /// Why the message was refused; `nil` when it was accepted.
  var refusal: SendError.Code? {
    if case .refused(let error) = self.outcome { error.code } else { nil }
  }
}
