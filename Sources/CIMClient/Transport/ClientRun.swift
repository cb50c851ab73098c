import CIMCore
import CIMProtos
import Logging

/// The running of one client: its state machine, its connections, its storage, and who waits for answers.
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
  /// Whether the storage was loaded: another client may have it otherwise.
  private let hasStorage: Bool
  private var machine: SessionStateMachine
  /// The connection of each attempt: two while the client moves, otherwise one at most.
  private var connections: [Int: ServerConnection] = [:]
  private var closing: [Task<Void, Never>] = []
  private var synchronizing: Task<Void, Never>?
  private var answers: [SendTicket: Answer] = [:]
  private var alarm: Alarm

  init(
    loop: ClientLoop, configuration: ChatClient.Configuration, record: ClientRecord?, logger: Logger
  ) {
    self.loop = loop
    self.configuration = configuration
    self.hasStorage = record != nil
    self.machine = SessionStateMachine(
      settings: SessionStateMachine.Settings(
        identity: configuration.identity, heartbeat: configuration.heartbeat,
        reconnect: configuration.reconnect, timeouts: configuration.timeouts, limits: configuration.limits),
      record: record ?? ClientRecord())
    var logger = logger
    logger[metadataKey: "device"] = "\(self.machine.device)"
    self.logger = logger
    for message in record?.unsent ?? [] { self.answers[message.ticket] = .events }
    self.alarm = Alarm { loop.post(.alarm) }
  }

  var hasEnded: Bool { self.machine.hasEnded }

  /// Takes inputs: stores in one step all that is to be stored because of them, and does what follows from them.
  mutating func take(_ inputs: [ClientLoop.Input]) async {
    var frames = 0
    let waiting = self.machine.inbox.count
    self.machine.room = self.loop.events.room
    var actions: [SessionStateMachine.Action] = []
    for input in inputs {
      if case .received = input { frames += 1 }
      actions += self.actions(for: input)
    }
    await self.store(&actions)
    self.loop.window.leave(frames + waiting - self.machine.inbox.count)
    self.loop.publish(self.machine)
    for action in actions { await self.perform(action) }
    self.alarm.set(self.machine.nextDeadline)
    // Room may have been made before there was something for it.
    if self.machine.inbox.count > 0, !self.hasEnded, self.loop.events.room > 0 { self.loop.post(.wanted) }
  }

  private mutating func actions(for input: ClientLoop.Input) -> [SessionStateMachine.Action] {
    let now = ContinuousClock.now
    switch input {
    case .start:
      return self.machine.start(now: now)
    case .send(let draft, let destination, let ticket, let answer):
      self.answers[ticket] = answer.map(Answer.task) ?? .events
      return self.machine.send(draft, to: destination, ticket: ticket, now: now)
    case .abandon(let ticket):
      self.abandon(ticket, now: now)
      return []
    case .markRead(let conversation, let position):
      return self.machine.markRead(conversation, upTo: position, now: now)
    case .close(let deadline):
      return self.machine.close(deadline: deadline, now: now)
    case .loginAnswered(.success(let grant), let attempt):
      return self.machine.loginSucceeded(grant, attempt: attempt, now: now)
    case .loginAnswered(.failure(let failure), let attempt):
      return self.machine.loginFailed(failure, attempt: attempt, now: now)
    case .received(let frame, let attempt):
      return self.machine.received(frame, attempt: attempt, now: now)
    case .connectionLost(let failure, let attempt):
      return self.machine.connectionLost(failure, attempt: attempt, now: now)
    case .wanted:
      return self.machine.deliver(now: now)
    case .synchronized:
      self.synchronizing = nil
      return self.machine.synchronized(now: now)
    case .storageFailed(let error):
      return self.machine.storageFailed(error, now: now)
    case .alarm:
      self.alarm.rang()
      return self.machine.timePassed(now: now)
    }
  }

  /// Stores what has changed. When that fails, what depends on it is not done, and the client ends.
  private mutating func store(_ actions: inout [SessionStateMachine.Action]) async {
    let changes = self.machine.takeChanges()
    guard !changes.isEmpty, self.hasStorage else { return }
    do {
      try await self.configuration.storage.save(changes)
    } catch {
      actions.removeAll { action in
        switch action {
        // Whoever waits is answered: that much is true whether it is stored or not.
        case .resolve, .disconnect, .emit(.state): false
        default: true
        }
      }
      actions += self.machine.storageFailed(ClientError(storage: error), now: .now)
    }
  }

  /// After the end: lets what was sent arrive, logs the device out, and frees the storage.
  mutating func clearAway() async {
    self.alarm.cancel()
    for task in self.closing { await task.value }
    await self.synchronizing?.value
    if let token = self.machine.token, case .closed = self.loop.info.state {
      await self.loop.routes.logOut(token: token, timeout: Self.graceOfLogout)
    }
    await self.loop.routes.close()
    if self.hasStorage { await self.configuration.storage.close() }
  }

  private mutating func perform(_ action: SessionStateMachine.Action) async {
    switch action {
    case .logIn(let attempt, let identity, let server): self.logIn(attempt, identity, avoiding: server)
    case .open(let attempt, let grant, let hello): self.open(attempt, grant, hello)
    case .transmit(let frame, let attempt): self.connections[attempt]?.send(frame)
    case .disconnect(let attempt, let gracefully): self.disconnect(attempt, gracefully: gracefully)
    case .synchronize: self.synchronize()
    case .synchronizeLast(let ack, let attempt): await self.synchronizeLast(ack, attempt)
    case .emit(let event): self.emit(event)
    case .resolve(let resolution): self.resolve(resolution)
    }
  }

  private func emit(_ event: ChatClient.Event) {
    switch event {
    case .state(let state):
      self.logger.info("The connection changed.", metadata: ["state": "\(state)"])
    case .moved(let server, let away):
      self.logger.info("The client moved.", metadata: ["server": "\(server)", "away": "\(away)"])
    default: break
    }
    self.loop.emit(event)
  }
}

// MARK: Connections

extension ClientRun {
  private func logIn(_ attempt: Int, _ identity: ChatClient.Identity, avoiding server: ServerID?) {
    Task { [loop, configuration, device = self.machine.device] in
      do throws(ConnectionFailure) {
        let grant = try await loop.routes.logIn(
          identity, device: device, avoiding: server, timeout: configuration.timeouts.login)
        loop.post(.loginAnswered(.success(grant), attempt: attempt))
      } catch {
        loop.post(.loginAnswered(.failure(error), attempt: attempt))
      }
    }
  }

  private mutating func open(_ attempt: Int, _ grant: SessionStateMachine.Grant, _ hello: CimV1.Hello) {
    let connection = ServerConnection(to: grant, hello: hello, logger: self.logger)
    self.connections[attempt] = connection
    Task { [loop] in
      let failure = await connection.receive { frame in
        loop.post(.received(frame, attempt: attempt))
        await loop.window.enter()
      }
      loop.post(.connectionLost(failure, attempt: attempt))
    }
  }

  private mutating func disconnect(_ attempt: Int, gracefully: Bool) {
    guard let connection = self.connections.removeValue(forKey: attempt) else { return }
    let task = Task { await connection.close(within: gracefully ? Self.graceOfConnection : .zero) }
    // Only the end waits, for what was sent.
    if gracefully { self.closing.append(task) }
  }
}

// MARK: Storage

extension ClientRun {
  private mutating func synchronize() {
    self.synchronizing = Task { [loop, storage = self.configuration.storage] in
      do {
        try await storage.synchronize()
        loop.post(.synchronized)
      } catch {
        loop.post(.storageFailed(ClientError(storage: error)))
      }
    }
  }

  private mutating func synchronizeLast(_ ack: CimV1.Ack?, _ attempt: Int) async {
    await self.synchronizing?.value
    do {
      try await self.configuration.storage.synchronize()
      if let ack { self.connections[attempt]?.send(.ack(ack)) }
    } catch {
      self.logger.error(
        "What was stored last may not survive the machine's death.", metadata: ["error": "\(error)"])
    }
  }
}

// MARK: Answers

extension ClientRun {
  private mutating func resolve(_ resolution: Outbox.Resolution) {
    let ticket = resolution.ticket
    // None when its task was cancelled.
    guard let answer = self.answers[ticket] else { return }
    if resolution.outcome.result != nil { self.answers[ticket] = nil }
    switch (answer, resolution.outcome) {
    case (.task(let answer), .accepted(let accepted)), (.task(let answer), .delivered(let accepted)):
      answer.resume(returning: accepted)
    case (.task(let answer), .refused(let error)): answer.resume(throwing: error)
    case (.task, .awaitingDelivery): break
    case (.events, .accepted(let accepted)), (.events, .awaitingDelivery(let accepted)):
      self.loop.emit(.sendAccepted(ticket, accepted))
    case (.events, .delivered(let accepted)): self.loop.emit(.sendDelivered(ticket, accepted))
    case (.events, .refused(let error)): self.loop.emit(.sendRefused(ticket, error))
    }
  }

  private mutating func abandon(_ ticket: SendTicket, now: ContinuousClock.Instant) {
    guard case .task(let answer)? = self.answers.removeValue(forKey: ticket) else { return }
    answer.resume(throwing: CancellationError())
    self.machine.abandon(ticket, now: now)
  }
}

extension ClientError {
  /// What a storage throws.
  init(storage error: any Error) {
    self = error as? ClientError ?? ClientError(.storage, "the client's storage has failed: \(error)")
  }
}
