import CIMCore
import Redis

/// The lines of one server's online index, and what the sessions say of them.
struct OnlineIndex {
  let redis: RedisClient
  let instance: ServerInstance

  /// For each line whether its session is stored.
  func confirm(_ members: [OnlineMember]) async throws(RedisError) -> [Bool] {
    let replies = await redis.sendInChunks(
      members.map { RedisCommand("HGET", StoreKey.sessions($0.user), $0.device.rawValue) })
    var confirmed: [Bool] = []
    for (member, reply) in zip(members, replies) {
      let session = try reply.get().ifPresent?.asSession(user: member.user, device: member.device)
      confirmed.append(session?.epoch == member.epoch && session?.instance == instance)
    }
    return confirmed
  }

  /// Removes lines whose sessions were not stored when they were read.
  ///
  /// One that is stated again meanwhile, on the same server with the same epoch, has the same line: so what stands is listed
  /// again. Stating again writes the session first and the line then, and this removes the line first and reads the session
  /// then: whichever comes last, the line is there.
  func remove(_ members: [OnlineMember]) async throws(RedisError) {
    guard !members.isEmpty else { return }
    var unlist = RedisCommand("ZREM", StoreKey.online(instance))
    unlist.append(contentsOf: members.map(\.text))
    _ = try await redis.send(unlist)
    let standing = zip(members, try await confirm(members)).filter(\.1).map(\.0)
    let lists = standing.map { RedisCommand("ZADD", StoreKey.online(instance), $0.user.rawValue, $0.text) }
    for reply in await redis.sendInChunks(lists) { _ = try reply.get() }
  }
}
