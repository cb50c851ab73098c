import CIMCore
import Redis

/// Finds who is online on one server: reads its index in chunks, and believes only what the sessions confirm.
struct OnlineUsersQuery {
  let redis: RedisClient
  let instance: ServerInstance
  let after: UserID?
  let limit: Int

  /// The first users in the index with a confirmed session, at most `limit`, by ascending id.
  func run() async throws(RedisError) -> [UserID] {
    var users: [UserID] = []
    var stale: [OnlineMember] = []
    var offset = 0
    while users.count < limit {
      let members = try await chunk(at: offset)
      let confirmed = try await index.confirm(members)
      for (member, isConfirmed) in zip(members, confirmed) {
        if !isConfirmed {
          stale.append(member)
        } else if users.last != member.user {
          users.append(member.user)
        }
      }
      offset += members.count
      if members.count < chunkSize { break }
    }
    // Only now: removals would move the chunks.
    try await index.remove(stale)
    return Array(users.prefix(limit))
  }

  /// More than `limit`, because a user may be listed with several devices; but no more than one reply should hold.
  private var chunkSize: Int { min(limit, 1_000) + 64 }

  private func chunk(at offset: Int) async throws(RedisError) -> [OnlineMember] {
    let lowest = after.map { "(\($0)" } ?? "-inf"
    let members = try await redis.send(
      RedisCommand(
        "ZRANGEBYSCORE", StoreKey.online(instance), lowest, "+inf", "LIMIT", offset, chunkSize)
    ).asArray()
    var chunk: [OnlineMember] = []
    for member in members {
      chunk.append(try member.parsed("a line of the online index") { OnlineMember($0) })
    }
    return chunk
  }

  private var index: OnlineIndex { OnlineIndex(redis: redis, instance: instance) }
}
