import Synchronization

/// Logins that live and die with the process.
public final class InMemoryLoginStore: LoginStore {
  private struct UserLogins {
    var lastGeneration: UInt64 = 0
    var byDevice: [DeviceID: Login] = [:]

    func login(for token: LoginToken) -> Login? {
      self.byDevice.values.first { $0.token == token }
    }
  }

  private let users = Mutex<[UserID: UserLogins]>([:])
  private let clock: @Sendable () -> Timestamp

  /// Creates a store without logins.
  ///
  /// - Parameter clock: tells the store's time.
  public init(clock: @escaping @Sendable () -> Timestamp = Timestamp.now) { self.clock = clock }

  public func create(
    user: UserID, device: DeviceID, kind: DeviceKind
  ) async throws(StoreError) -> Login {
    let now = self.clock().milliseconds
    return self.users.withLock { users in
      var logins = users[user] ?? UserLogins()
      logins.lastGeneration = max(now, logins.lastGeneration + 1)
      let login = Login(
        token: .random(for: user), device: device, kind: kind, generation: logins.lastGeneration)
      logins.byDevice[device] = login
      users[user] = logins
      return login
    }
  }

  public func login(for token: LoginToken) async throws(StoreError) -> Login? {
    self.users.withLock { $0[token.user]?.login(for: token) }
  }

  public func logins(of user: UserID) async throws(StoreError) -> [Login] {
    self.users.withLock { $0[user]?.byDevice.values.sorted { $0.device < $1.device } ?? [] }
  }

  public func revoke(_ token: LoginToken) async throws(StoreError) -> Login? {
    self.users.withLock { users in
      guard let login = users[token.user]?.login(for: token) else { return nil }
      users[token.user]?.byDevice[login.device] = nil
      return login
    }
  }

  public func ping() async throws(StoreError) {}
}
