import Synchronization

/// Sessions that live and die with the process.
public final class InMemorySessionStore: SessionStore {
  private struct State {
    var sessions: [UserID: [DeviceID: Session]] = [:]
    var online: [ServerInstance: OnlineIndex] = [:]
    /// The last epoch of every device that was ever online: one that comes back within a millisecond gets a greater one.
    var lastEpochs: [UserID: [DeviceID: UInt64]] = [:]

    mutating func insert(_ session: Session) {
      self.sessions[session.user, default: [:]][session.device] = session
      self.online[session.instance, default: OnlineIndex()].insert(session)
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

  /// Creates a store without sessions.
  ///
  /// - Parameter clock: tells the store's time.
  public init(clock: @escaping @Sendable () -> Timestamp = Timestamp.now) {
    self.clock = clock
  }

  public func open(
    user: UserID, device: DeviceID, on instance: ServerInstance, loginGeneration: UInt64
  ) async throws(StoreError) -> OpenedSession {
    let now = self.clock().milliseconds
    return self.state.withLock { state in
      let replaced = state.sessions[user]?[device]
      if let replaced { state.remove(replaced) }
      let epoch = max(now, (state.lastEpochs[user]?[device] ?? 0) + 1)
      state.lastEpochs[user, default: [:]][device] = epoch
      let session = Session(
        user: user, device: device, epoch: SessionEpoch(epoch), instance: instance,
        loginGeneration: loginGeneration)
      state.insert(session)
      return OpenedSession(session: session, replaced: replaced)
    }
  }

  public func close(user: UserID, device: DeviceID, epoch: SessionEpoch) async throws(StoreError) -> Bool {
    self.state.withLock { state in
      guard let session = state.sessions[user]?[device], session.epoch == epoch else { return false }
      state.remove(session)
      return true
    }
  }

  public func sessions(of users: [UserID]) async throws(StoreError) -> [UserID: [Session]] {
    self.state.withLock { state in
      users.reduce(into: [:]) { answer, user in
        answer[user] = state.sessions[user]?.values.sorted { $0.device < $1.device }
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
}
