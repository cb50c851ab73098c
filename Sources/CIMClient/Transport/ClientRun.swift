import CIMCore
import CIMProtos
import Logging

/// The running of one client: its state machine, its connection, and who waits for answers.
///
/// It lives in the loop's task alone.
struct ClientRun {
  private static let graceOfConnection: Duration = .seconds(1)
  private static let graceOfLogout: Duration = .seconds(2)

  /// Who wants to know what became of a message.
  private enum Answer {
    case task(CheckedContinuation<Accepted, any Error>)
    case events
  }

  private let loop: ClientLoop
  private let configuration: ChatClient.Configuration
  private let logger: Logger
  private var machine: SessionStateMachine
  private var connection: ServerConnection?
  private var closing: Task<Void, Never>?
  private var answers: [SendTicket: Answer] = [:]
  private var alarm: Alarm

  init(loop: ClientLoop, configuration: ChatClient.Configuration, logger: Logger) {
    self.loop = loop
    self.configuration = configuration
    self.logger = logger
    self.machine = SessionStateMachine(
      settings: SessionStateMachine.Settings(
        device: configuration.device, heartbeat: configuration.heartbeat, reconnect: configuration.reconnect,
        timeouts: configuration.timeouts, unansweredSends: configuration.limits.unansweredSends))
    self.alarm = Alarm { loop.post(.alarm) }
  }

  var hasEnded: Bool { self.machine.hasEnded }

  /// Takes one input and does what follows from it.
  mutating func take(_ input: ClientLoop.Input) {
    let now = ContinuousClock.now
    let actions: [SessionStateMachine.Action]
    switch input {
    case .start:
      actions = self.machine.start(now: now)
    case .send(let content, let destination, let ticket, let answer):
      self.answers[ticket] = answer.map(Answer.task) ?? .events
      actions = self.machine.send(content, to: destination, ticket: ticket, now: now)
    case .abandon(let ticket):
      self.abandon(ticket)
      actions = []
    case .close(let deadline):
      actions = self.machine.close(deadline: deadline, now: now)
    case .loginAnswered(.success(let grant), let attempt):
      actions = self.machine.loginSucceeded(grant, attempt: attempt, now: now)
    case .loginAnswered(.failure(let failure), let attempt):
      actions = self.machine.loginFailed(failure, attempt: attempt, now: now)
    case .received(let frame, let attempt):
      actions = self.machine.received(frame, attempt: attempt, now: now)
    case .connectionLost(let failure, let attempt):
      actions = self.machine.connectionLost(failure, attempt: attempt, now: now)
    case .alarm:
      self.alarm.rang()
      actions = self.machine.timePassed(now: now)
    }
    self.loop.publish(self.machine)
    for action in actions { self.perform(action) }
    self.alarm.set(self.machine.nextDeadline)
  }

  /// After the end: lets what was sent arrive, and logs the device out.
  mutating func clearAway() async {
    self.alarm.cancel()
    await self.closing?.value
    if let token = self.machine.token, case .closed? = self.loop.info.state {
      await self.loop.routes.logOut(token: token, timeout: Self.graceOfLogout)
    }
    await self.loop.routes.close()
  }

  private mutating func perform(_ action: SessionStateMachine.Action) {
    switch action {
    case .logIn(let attempt, let server): self.logIn(attempt, avoiding: server)
    case .open(let attempt, let grant, let hello): self.open(attempt, grant, hello)
    case .transmit(let frame): self.connection?.send(frame)
    case .disconnect(let gracefully): self.disconnect(gracefully: gracefully)
    case .emit(let event): self.emit(event)
    case .resolve(let resolution): self.resolve(resolution)
    }
  }

  private func logIn(_ attempt: Int, avoiding server: ServerID?) {
    Task { [loop, configuration] in
      do throws(ConnectionFailure) {
        let grant = try await loop.routes.logIn(
          configuration.identity, device: configuration.device, avoiding: server,
          timeout: configuration.timeouts.login)
        loop.post(.loginAnswered(.success(grant), attempt: attempt))
      } catch {
        loop.post(.loginAnswered(.failure(error), attempt: attempt))
      }
    }
  }

  private mutating func open(_ attempt: Int, _ grant: SessionStateMachine.Grant, _ hello: CimV1.Hello) {
    let connection = ServerConnection(to: grant, hello: hello, logger: self.logger)
    self.connection = connection
    Task { [loop] in
      let failure = await connection.receive { loop.post(.received($0, attempt: attempt)) }
      loop.post(.connectionLost(failure, attempt: attempt))
    }
  }

  private mutating func disconnect(gracefully: Bool) {
    guard let connection = self.connection.take() else { return }
    self.closing = Task { await connection.close(within: gracefully ? Self.graceOfConnection : .zero) }
  }

  private func emit(_ event: ChatClient.Event) {
    if case .state(let state) = event {
      self.logger.info("The connection changed.", metadata: ["state": "\(state)"])
    }
    self.loop.emit(event)
  }

  private mutating func resolve(_ resolution: Outbox.Resolution) {
    let ticket = resolution.ticket
    switch (self.answers.removeValue(forKey: ticket), resolution.outcome) {
    case (.task(let answer), .accepted(let accepted)): answer.resume(returning: accepted)
    case (.task(let answer), .refused(let error)): answer.resume(throwing: error)
    case (.events, .accepted(let accepted)): self.loop.emit(.sendAccepted(ticket, accepted))
    case (.events, .refused(let error)): self.loop.emit(.sendRefused(ticket, error))
    // Its task was cancelled.
    case (nil, _): break
    }
  }

  private mutating func abandon(_ ticket: SendTicket) {
    guard case .task(let answer)? = self.answers.removeValue(forKey: ticket) else { return }
    answer.resume(throwing: CancellationError())
  }
}
