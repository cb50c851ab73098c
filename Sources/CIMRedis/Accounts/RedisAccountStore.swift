import CIMCore
import Redis

/// Accounts in Redis.
///
/// A name, an account and the counter of ids are in different slots, so registering is several steps. The name is
/// claimed first, in one step, and decides who owns it. The account's record follows, and every registration of the name
/// makes sure of it: what a crash left undone is done when the name is registered again.
public struct RedisAccountStore: AccountStore {
  private let redis: RedisClient

  /// Uses that connection.
  public init(_ redis: RedisClient) {
    self.redis = redis
  }

  public func register(_ name: UserName) async throws(StoreError) -> (account: Account, created: Bool) {
    do {
      let (id, created) = try await claim(name)
      try await ensureRecord(of: Account(id: id, name: name))
      return (Account(id: id, name: name), created)
    } catch {
      throw StoreError(error)
    }
  }

  public func account(_ id: UserID) async throws(StoreError) -> Account? {
    try await accounts([id])[id]
  }

  public func account(named name: UserName) async throws(StoreError) -> Account? {
    do {
      return try await owner(of: name).map { Account(id: $0, name: name) }
    } catch {
      throw StoreError(error)
    }
  }

  public func accounts(_ ids: [UserID]) async throws(StoreError) -> [UserID: Account] {
    let replies = await redis.sendInChunks(ids.map { RedisCommand("HGET", StoreKey.account($0), "name") })
    do {
      var accounts: [UserID: Account] = [:]
      for (id, reply) in zip(ids, replies) {
        guard let name = try reply.get().ifPresent else { continue }
        accounts[id] = Account(id: id, name: try name.asUserName())
      }
      return accounts
    } catch {
      throw StoreError(error)
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }

  private func owner(of name: UserName) async throws(RedisError) -> UserID? {
    try await redis.send(RedisCommand("GET", StoreKey.name(name))).ifPresent?.asUserID()
  }

  /// Gives the name an id of its own unless it has one. Who loses the race for a name leaves an unused id behind.
  private func claim(_ name: UserName) async throws(RedisError) -> (id: UserID, created: Bool) {
    if let id = try await owner(of: name) { return (id, false) }
    let id = UserID(try await redis.send(RedisCommand("INCR", StoreKey.lastAccountID)).asInteger())
    let claimed = try await redis.send(RedisCommand("SET", StoreKey.name(name), id.rawValue, "NX"))
    if !claimed.isNull { return (id, true) }
    guard let winner = try await owner(of: name) else {
      throw RedisError(.unexpectedReply, "a name that is taken has no account")
    }
    return (winner, false)
  }

  private func ensureRecord(of account: Account) async throws(RedisError) {
    let key = StoreKey.account(account.id)
    let replies = await redis.send([
      RedisCommand("HSETNX", key, "name", account.name.rawValue), RedisCommand("HGET", key, "name"),
    ])
    _ = try replies[0].get()
    let stored = try replies[1].get().asUserName()
    guard stored == account.name else {
      throw RedisError(
        .unexpectedReply, "account \(account.id) is named \"\(stored)\", not \"\(account.name)\"")
    }
  }
}
