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

  /// Creates a store without logins.
  public init() {}

  public func create(user: UserID, device: DeviceID) async throws(StoreError) -> Login {
    self.users.withLock { users in
      var logins = users[user] ?? UserLogins()
      logins.lastGeneration += 1
      let login = Login(token: .random(for: user), device: device, generation: logins.lastGeneration)
      logins.byDevice[device] = login
      users[user] = logins
      return login
    }
  }

  public func login(for token: LoginToken) async throws(StoreError) -> Login? {
    self.users.withLock { $0[token.user]?.login(for: token) }
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
