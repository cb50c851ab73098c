import CIMCore
import Redis

/// Contacts in Redis. Who blocks is kept in the slot of the conversation that it closes; each user's list of the blocked is
/// checked against that.
public struct RedisContactStore: ContactStore {
  /// A line of the list that nothing stands behind is kept for so long: its block may be on its way.
  private static let pendingMilliseconds: UInt64 = 60_000

  private let redis: RedisClient
  private let idleMilliseconds: UInt64

  /// Uses that connection.
  ///
  /// - Parameter limits: Notes outlive the logs that they are for.
  public init(_ redis: RedisClient, limits: MessageLogLimits = .defaults) {
    self.redis = redis
    let day: UInt64 = 24 * 3_600_000
    idleMilliseconds =
      max(limits.idleMilliseconds, limits.entryMilliseconds) + limits.entryMilliseconds + day
  }

  public func note(_ pair: UserPair) async throws(StoreError) {
    let conversation = Conversation.direct(pair).description
    let users = pair.lower == pair.higher ? [pair.lower] : [pair.lower, pair.higher]
    let replies = await redis.run(
      users.map {
        RedisScript.noteLine.call(keys: [StoreKey.contacts($0)], conversation, idleMilliseconds)
      })
    do {
      for reply in replies { _ = try reply.get() }
    } catch {
      throw StoreError(error)
    }
  }

  public func contacts(of user: UserID) async throws(StoreError) -> [UserPair: Timestamp] {
    do {
      let query = RedisCommand("ZRANGE", StoreKey.contacts(user), 0, -1, "WITHSCORES")
      var contacts: [UserPair: Timestamp] = [:]
      for (conversation, notedAt) in try await redis.send(query).asPairs() {
        let pair = try conversation.parsed("a private conversation") { text -> UserPair? in
          guard case .direct(let pair)? = try? Conversation(text) else { return nil }
          return pair
        }
        contacts[pair] = try notedAt.asTimestamp()
      }
      return contacts
    } catch {
      throw StoreError(error)
    }
  }

  public func forget(
    _ notes: [UserPair: Timestamp], of user: UserID, olderThan milliseconds: UInt64
  ) async throws(StoreError) {
    try await forget(
      notes.map { (Conversation.direct($0.key).description, $0.value) }, in: StoreKey.contacts(user),
      olderThan: milliseconds)
  }

  private func forget(
    _ lines: [(String, Timestamp)], in list: String, olderThan milliseconds: UInt64
  ) async throws(StoreError) {
    guard !lines.isEmpty else { return }
    do {
      _ = try await redis.run(
        RedisScript.forgetLines.call(
          keys: [list],
          listing: ["\(milliseconds)"] + lines.flatMap { [$0.0, "\($0.1.milliseconds)"] }))
    } catch {
      throw StoreError(error)
    }
  }

  public func block(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool {
    do {
      // First the list: a crash in between leaves a line too many there, never one too few.
      _ = try await redis.run(
        RedisScript.noteLine.call(keys: [StoreKey.blocked(user)], other.rawValue, 0))
      return try await redis.send(
        RedisCommand("SADD", StoreKey.blockers(UserPair(user, other)), user.rawValue)
      ).asInteger() == 1
    } catch {
      throw StoreError(error)
    }
  }

  public func unblock(_ other: UserID, by user: UserID) async throws(StoreError) -> Bool {
    do {
      return try await redis.send(
        RedisCommand("SREM", StoreKey.blockers(UserPair(user, other)), user.rawValue)
      ).asInteger() == 1
    } catch {
      throw StoreError(error)
    }
  }

  public func blocked(
    by user: UserID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID] {
    let list = StoreKey.blocked(user)
    var lines: [(other: UserID, notedAt: Timestamp)] = []
    var blocked: [UserID] = []
    var stale: [(String, Timestamp)] = []
    do {
      for (other, notedAt) in try await redis.send(RedisCommand("ZRANGE", list, 0, -1, "WITHSCORES"))
        .asPairs()
      {
        lines.append((try other.asUserID(), try notedAt.asTimestamp()))
      }
      let replies = await redis.sendInChunks(
        lines.map { RedisCommand("SISMEMBER", StoreKey.blockers(UserPair(user, $0.other)), user.rawValue) })
      for (line, reply) in zip(lines, replies) {
        if try reply.get().asInteger() == 1 {
          blocked.append(line.other)
        } else {
          stale.append((line.other.description, line.notedAt))
        }
      }
    } catch {
      throw StoreError(error)
    }
    try await forget(stale, in: list, olderThan: Self.pendingMilliseconds)
    return Array(blocked.filter { other in after.map { other > $0 } ?? true }.sorted().prefix(limit))
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }
}
