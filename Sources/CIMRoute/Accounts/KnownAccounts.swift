import CIMCore
import Synchronization

/// Looks accounts up, and asks the store only for those not seen lately.
final class KnownAccounts: Sendable {
  private let store: any AccountStore
  private let cache: Mutex<AccountCache>

  init(store: any AccountStore, capacity: Int) {
    self.store = store
    cache = Mutex(AccountCache(capacity: capacity))
  }

  /// The account with an id; nil when there is none.
  func account(_ id: UserID) async throws(StoreError) -> Account? {
    if let account = cache.withLock({ $0[id] }) { return account }
    guard let account = try await store.account(id) else { return nil }
    cache.withLock { $0.insert(account) }
    return account
  }

  /// The accounts with those ids, in their order; ids without one are left out.
  func accounts(_ ids: [UserID]) async throws(StoreError) -> [Account] {
    var found: [UserID: Account] = [:]
    cache.withLock { cache in
      for id in ids { found[id] = cache[id] }
    }
    let missing = ids.filter { found[$0] == nil }
    if !missing.isEmpty {
      let loaded = try await store.accounts(missing)
      cache.withLock { cache in
        for account in loaded.values { cache.insert(account) }
      }
      found.merge(loaded) { _, new in new }
    }
    return ids.compactMap { found[$0] }
  }
}
