import Synchronization

/// Accounts that live and die with the process.
public final class InMemoryAccountStore: AccountStore {
  private struct State {
    /// The account with id `n` stands at `n - 1`: ids are dense.
    var accounts: [Account] = []
    var byName: [UserName: Account] = [:]

    func account(_ id: UserID) -> Account? {
      guard id.rawValue > 0, id.rawValue <= UInt64(self.accounts.count) else { return nil }
      return self.accounts[Int(id.rawValue) - 1]
    }
  }

  private let state = Mutex(State())

  /// Creates a store without accounts.
  public init() {}

  public func register(_ name: UserName) async throws(StoreError) -> (account: Account, created: Bool) {
    self.state.withLock { state in
      if let account = state.byName[name] { return (account, false) }
      let account = Account(id: UserID(UInt64(state.accounts.count) + 1), name: name)
      state.accounts.append(account)
      state.byName[name] = account
      return (account, true)
    }
  }

  public func account(_ id: UserID) async throws(StoreError) -> Account? {
    self.state.withLock { $0.account(id) }
  }

  public func account(named name: UserName) async throws(StoreError) -> Account? {
    self.state.withLock { $0.byName[name] }
  }

  public func accounts(_ ids: [UserID]) async throws(StoreError) -> [UserID: Account] {
    self.state.withLock { state in
      ids.reduce(into: [:]) { $0[$1] = state.account($1) }
    }
  }

  public func ping() async throws(StoreError) {}
}
