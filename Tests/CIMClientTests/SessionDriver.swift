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

  init(_ change: (inout SessionStateMachine.Settings) -> Void = { _ in }) throws {
    var settings = SessionStateMachine.Settings(device: try DeviceID("laptop"))
    change(&settings)
    self.machine = SessionStateMachine(settings: settings, random: SplitMix())
  }

  /// The attempt that is under way.
  var attempt: Int { self.machine.attempt }

  /// The events of the last input.
  var events: [ChatClient.Event] {
    self.actions.compactMap { if case .emit(let event) = $0 { event } else { nil } }
  }

  /// The frames of the last input.
  var frames: [CimV1.ConnectRequest.Frame] {
    self.actions.compactMap { if case .transmit(let frame) = $0 { frame } else { nil } }
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

  mutating func start() { self.actions = self.machine.start(now: self.now) }

  mutating func logIn(server: String = "s1") throws {
    let grant = SessionStateMachine.Grant(
      account: Account(id: UserID(7), name: try UserName("olu")), token: "7.token",
      server: try ServerID(server),
      endpoint: Endpoint(host: "127.0.0.1", port: 7500))
    self.actions = self.machine.loginSucceeded(grant, attempt: self.attempt, now: self.now)
  }

  mutating func loginFails(_ failure: ConnectionFailure) {
    self.actions = self.machine.loginFailed(failure, attempt: self.attempt, now: self.now)
  }

  mutating func receive(_ frame: CimV1.ConnectResponse.Frame, attempt: Int? = nil) {
    self.actions = self.machine.received(frame, attempt: attempt ?? self.attempt, now: self.now)
  }

  mutating func loseConnection(_ failure: ConnectionFailure = .transient("cut"), attempt: Int? = nil) {
    self.actions = self.machine.connectionLost(failure, attempt: attempt ?? self.attempt, now: self.now)
  }

  /// Lets time pass without telling the machine.
  mutating func wait(_ duration: Duration) { self.now += duration }

  /// Sets the clock to the machine's next deadline, and tells it.
  mutating func passDeadline() {
    guard let deadline = self.machine.nextDeadline else { return }
    self.now = max(self.now, deadline)
    self.actions = self.machine.timePassed(now: self.now)
  }

  mutating func send(
    _ text: String, to destination: Destination = .lobby, properties: [String: String] = [:]
  ) {
    self.tickets += 1
    self.actions = self.machine.send(
      CimV1.Content(kind: .text(text), properties: properties), to: destination,
      ticket: SendTicket(number: self.tickets), now: self.now)
  }

  mutating func close(within limit: Duration) {
    self.actions = self.machine.close(deadline: self.now + limit, now: self.now)
  }

  /// From the beginning to the welcome.
  mutating func connect(server: String = "s1") throws {
    self.start()
    try self.logIn(server: server)
    self.receive(.welcome(CimV1.Welcome(maxTextBytes: 100)))
  }

  mutating func accept(_ send: CimV1.Send, seq: UInt64 = 1) {
    self.receive(
      .sendResult(
        CimV1.SendResult(
          sendID: send.sendID,
          outcome: .accepted(CimV1.Accepted(position: CimV1.LogPosition(epoch: 1, seq: seq))))))
  }

  /// Somebody else says something.
  mutating func hear(
    _ text: String, seq: UInt64, in conversation: String = "lobby", sendID: CimV1.SendId? = nil
  ) {
    self.receive(
      .message(
        CimV1.Message(
          conversation: conversation, position: CimV1.LogPosition(epoch: 1, seq: seq),
          sender: CimV1.User(id: 9, name: "eve"), sendID: sendID, content: CimV1.Content(kind: .text(text)))))
  }
}

extension Outbox.Resolution {
  /// Why the message was refused; `nil` when it was accepted.
  var refusal: SendError.Code? {
    if case .refused(let error) = self.outcome { error.code } else { nil }
  }
}
