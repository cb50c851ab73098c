import CIMCore
import Logging
import Synchronization
import ZooKeeper

/// One entry: what shall stand in its node, and what stands there as far as is known.
///
/// It changes nothing in ZooKeeper by itself: whoever wants a change notes it and waits, and the registry's loop calls
/// `reconcile`.
final class ZooKeeperRegistration: Registration {
  private struct State {
    var plan: RegistrationPlan
    var waiters: [Waiter] = []
    var isStopped = false
  }

  /// Somebody who waits for the next outcome.
  private struct Waiter {
    /// Waits on while ZooKeeper is away.
    let isPatient: Bool
    let outcome: AsyncStream<Result<Void, StoreError>>.Continuation
  }

  private let path: String
  private let logger: Logger
  private let wake: @Sendable () -> Void
  private let state: Mutex<State>
  private let latest = Latest<ServerInstance>()

  /// - Parameter wake: has the registry's loop call `reconcile`.
  init(_ entry: RegistryEntry, path: String, logger: Logger, wake: @escaping @Sendable () -> Void) {
    self.path = path
    self.logger = logger
    self.wake = wake
    self.state = Mutex(State(plan: RegistrationPlan(entry)))
  }

  var instance: ServerInstance { self.state.withLock { $0.plan.entry.instance } }

  /// Whether the loop has nothing to do for it any more.
  var isFinished: Bool { self.state.withLock { $0.plan.isFinished } }

  func instances() -> AsyncStream<ServerInstance> { self.latest.values() }

  /// Waits until the entry stands in ZooKeeper.
  func enter() async throws(StoreError) {
    do {
      try await self.outcome(isPatient: true)
    } catch {
      self.state.withLock { $0.plan.withdraw() }
      self.wake()
      throw error
    }
  }

  func setDraining(_ isDraining: Bool) async throws(StoreError) {
    self.state.withLock { $0.plan.setDraining(isDraining) }
    try await self.outcome(isPatient: false)
  }

  func withdraw() async {
    self.state.withLock { $0.plan.withdraw() }
    do {
      // In a task of its own: who withdraws has often been cancelled, and the wait ends by itself.
      try await Task { try await self.outcome(isPatient: false) }.value
    } catch {
      self.logger.notice(
        "Could not take the entry out of ZooKeeper: it vanishes with the session",
        metadata: ["node": "\(self.path)", "error": "\(error)"])
    }
    self.latest.finish()
  }

  /// Ends all waiting: there is no loop any more.
  func stop() {
    self.state.withLock { $0.isStopped = true }
    self.tell(.cancelled("the registry is shut down"))
    self.latest.finish()
  }

  /// Tells those who don't wait for ZooKeeper that it is away.
  func tellAway() {
    self.tell(.unavailable("ZooKeeper does not answer; the wish is kept until it does"))
  }

  private func outcome(isPatient: Bool) async throws(StoreError) {
    let (outcomes, outcome) = AsyncStream.makeStream(of: Result<Void, StoreError>.self)
    self.state.withLock { state in
      if state.isStopped {
        outcome.yield(.failure(.cancelled("the registry is shut down")))
      } else if state.plan.isFinished {
        outcome.yield(.success(()))
      } else {
        state.waiters.append(Waiter(isPatient: isPatient, outcome: outcome))
      }
    }
    self.wake()
    for await outcome in outcomes { return try outcome.get() }
    throw .cancelled("the task was cancelled while it waited for ZooKeeper")
  }

  private func tell(_ error: StoreError) {
    let told = self.state.withLock { state in
      let isPassing = error.code == .unavailable
      let told = state.waiters.filter { !(isPassing && $0.isPatient) }
      state.waiters.removeAll { !(isPassing && $0.isPatient) }
      return told
    }
    for waiter in told { waiter.outcome.yield(.failure(error)) }
  }
}

extension ZooKeeperRegistration {
  /// Brings the node to what it shall be.
  ///
  /// - Throws: `ZooKeeperError`; it is to be called again then.
  func reconcile(with client: ZooKeeperClient, in session: SessionID) async throws(ZooKeeperError) {
    do throws(ZooKeeperError) {
      while let step = self.nextStep(in: session) {
        // Calls go to the session of the moment, the plan is for this one.
        guard client.sessionState == .connected(session) else {
          throw ZooKeeperError(.sessionExpired, operation: "register", path: self.path)
        }
        try await self.take(step, with: client, in: session)
      }
    } catch {
      self.tell(StoreError(error))
      throw error
    }
  }

  /// The next step; when there is none, all who wait are told so, in one moment with that decision: whoever notes a wish
  /// afterwards waits for the next time.
  private func nextStep(in session: SessionID) -> RegistrationPlan.Step? {
    let (step, told) = self.state.withLock { state -> (RegistrationPlan.Step?, [Waiter]) in
      if let step = state.plan.nextStep(in: session) { return (step, []) }
      defer { state.waiters = [] }
      return (nil, state.waiters)
    }
    for waiter in told { waiter.outcome.yield(.success(())) }
    return step
  }

  private func take(
    _ step: RegistrationPlan.Step, with client: ZooKeeperClient, in session: SessionID
  ) async throws(ZooKeeperError) {
    switch step {
    case .look:
      let stat = try await client.exists(self.path) { [weak self] _ in self?.lookAgain() }
      self.report(self.state.withLock { $0.plan.saw(stat, in: session) })
    case .create(let entry):
      do {
        try await client.create(self.path, data: NodeContent(entry).json, mode: .ephemeral)
        self.state.withLock { $0.plan.wrote(entry) }
      } catch  where error.code == .nodeExists {
        // Somebody was quicker: looking again tells who.
      }
    case .replace(let entry, let version):
      do {
        try await client.replace(
          self.path, version: version, data: NodeContent(entry).json, mode: .ephemeral)
        self.state.withLock { $0.plan.wrote(entry) }
      } catch  where error.code == .noNode || error.code == .badVersion || error.code == .nodeExists {
        // It changed since: looking again tells how.
      }
    case .write(let entry):
      do {
        try await client.set(self.path, data: NodeContent(entry).json)
        self.state.withLock { $0.plan.wrote(entry) }
      } catch  where error.code == .noNode {
        // It vanished since: looking again tells why.
      }
    case .delete(let version):
      do {
        try await client.delete(self.path, version: version)
      } catch  where error.code == .noNode || error.code == .badVersion {
        // It changed since: looking again tells how.
      }
    }
  }

  private func lookAgain() {
    self.state.withLock { $0.plan.lookAgain() }
    self.wake()
  }

  private func report(_ news: RegistrationPlan.News?) {
    switch news {
    case .entered(let instance):
      self.latest.publish(instance)
      self.logger.info(
        "Registered in ZooKeeper", metadata: ["node": "\(self.path)", "instance": "\(instance)"])
    case .replacing:
      self.logger.notice(
        "An earlier process has left its entry in ZooKeeper: replacing it", metadata: ["node": "\(self.path)"]
      )
    case .displaced:
      self.logger.error(
        "Another process registered under the same id and took this one's place: give each an id of its own",
        metadata: ["node": "\(self.path)"])
    case nil: break
    }
  }
}
