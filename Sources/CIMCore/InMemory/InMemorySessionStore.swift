import Synchronization

/// Sessions that live and die with the process.
public final class InMemorySessionStore: SessionStore {
  struct DrawnEpochs {
    /// The last of all the user's devices.
    var last: UInt64 = 0
    var byDevice: [DeviceID: UInt64] = [:]

    mutating func note(_ epoch: UInt64, of device: DeviceID) {
      self.last = max(self.last, epoch)
      self.byDevice[device] = epoch
    }
  }

  struct State {
    var sessions: [UserID: [DeviceID: Session]] = [:]
    var online: [ServerInstance: OnlineIndex] = [:]
    /// The last epochs that were drawn: one who comes back within a millisecond gets a greater one.
    var lastEpochs: [UserID: DrawnEpochs] = [:]
    var knownInstances: Set<ServerInstance> = []

    /// By ascending device.
    func sessions(of user: UserID) -> [Session] {
      (self.sessions[user] ?? [:]).values.sorted { $0.device < $1.device }
    }

    mutating func insert(_ session: Session) {
      self.sessions[session.user, default: [:]][session.device] = session
      self.online[session.instance, default: OnlineIndex()].insert(session)
      self.knownInstances.insert(session.instance)
    }

    mutating func remove(_ session: Session) {
      self.sessions[session.user]?[session.device] = nil
      if self.sessions[session.user]?.isEmpty == true { self.sessions[session.user] = nil }
      self.online[session.instance]?.remove(session)
      if self.online[session.instance]?.isEmpty == true { self.online[session.instance] = nil }
    }
  }

  private let state = Mutex(State())
  private let clock: @Sendable () -> Timestamp

  private let identity: InMemoryIdentity

  /// Creates a store without sessions.
  ///
  /// - Parameters:
  ///   - identity: what it is taken for.
  ///   - clock: tells the store's time.
  public init(
    identity: InMemoryIdentity = InMemoryIdentity(),
    clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.identity = identity
    self.clock = clock
  }

  public func open(
    _ device: UserDevice, kind: DeviceKind, loginGeneration: UInt64, on instance: ServerInstance,
    admission: Admission
  ) async throws(StoreError) -> SessionOpening {
    let now = self.clock().milliseconds
    let (user, device) = (device.user, device.device)
    return self.state.withLock { state in
      let decision = admission.decide(
        device: device, kind: kind, loginGeneration: loginGeneration, beside: state.sessions(of: user))
      let displaced: [Session]
      switch decision {
      case .barred(let rivals): return .barred(by: rivals)
      case .displaces(let rivals): displaced = rivals
      }
      let replaced = state.sessions[user]?[device]
      for session in displaced + [replaced].compactMap(\.self) { state.remove(session) }
      let epoch = max(now, (state.lastEpochs[user]?.last ?? 0) + 1)
      state.lastEpochs[user, default: DrawnEpochs()].note(epoch, of: device)
      let session = Session(
        user: user, device: device, kind: kind, epoch: SessionEpoch(epoch), instance: instance,
        loginGeneration: loginGeneration)
      state.insert(session)
      return .opened(OpenedSession(session: session, replaced: replaced, displaced: displaced))
    }
  }

  public func restate(_ session: Session, admission: Admission) async throws(StoreError) -> Restatement {
    self.state.withLock { state in
      let drawn = state.lastEpochs[session.user]?.byDevice[session.device] ?? 0
      guard drawn <= session.epoch.rawValue else { return .superseded }
      let barring = admission.barring(session, among: state.sessions(of: session.user))
      guard barring.isEmpty else { return .barred(by: barring) }
      if let stored = state.sessions[session.user]?[session.device] { state.remove(stored) }
      state.lastEpochs[session.user, default: DrawnEpochs()].note(session.epoch.rawValue, of: session.device)
      state.insert(session)
      return .stands
    }
  }

  public func close(
    user: UserID, device: DeviceID, epoch: SessionEpoch, on instance: ServerInstance?
  ) async throws(StoreError) -> Bool {
    self.state.withLock { state in
      guard let session = state.sessions[user]?[device], session.epoch == epoch,
        instance.map({ $0 == session.instance }) ?? true
      else { return false }
      state.remove(session)
      return true
    }
  }

  public func sweep(_ instance: ServerInstance, limit: Int) async throws(StoreError) -> SessionSweep {
    self.state.withLock { state in
      var removed = 0
      for user in state.online[instance]?.users(after: nil, limit: limit) ?? [] {
        for session in (state.sessions[user] ?? [:]).values where session.instance == instance {
          state.remove(session)
          removed += 1
        }
      }
      return SessionSweep(removed: removed, isComplete: state.online[instance] == nil)
    }
  }

  public func knownInstances() async throws(StoreError) -> [ServerInstance] {
    self.state.withLock { Array($0.knownInstances) }
  }

  public func forget(_ instance: ServerInstance) async throws(StoreError) -> Bool {
    self.state.withLock { state in
      guard state.online[instance] == nil else { return false }
      state.knownInstances.remove(instance)
      return true
    }
  }

  public func identities() -> AsyncStream<String> { self.identity.values() }

  public func sessions(of users: [UserID]) async throws(StoreError) -> [UserID: [Session]] {
    self.state.withLock { state in
      users.reduce(into: [:]) { answer, user in
        if state.sessions[user] != nil { answer[user] = state.sessions(of: user) }
      }
    }
  }

  public func onlineUsers(
    on instances: [ServerInstance], after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID] {
    let users = self.state.withLock { state in
      instances.reduce(into: Set<UserID>()) { users, instance in
        users.formUnion(state.online[instance]?.users(after: after, limit: limit) ?? [])
      }
    }
    return Array(users.sorted().prefix(limit))
  }

  public func ping() async throws(StoreError) {}

  /// All sessions as they are, to be put back.
  func copy() -> State { self.state.withLock { $0 } }

  /// Puts sessions in the place of all there are.
  func replace(with copy: State) { self.state.withLock { $0 = copy } }
}
