import CIMCore
import Redis

/// Which groups a user may be a member of: a hash per user, in another slot than the groups are.
///
/// The groups' members are the truth. A hint must be there for every group that the user is in, and may be there for
/// others. So it is written before a user joins, as a token of that attempt, and becomes the place where the user joined
/// once that is known. What is removed must be what the remover expects: after a leave the place where the membership began
/// that was ended, after an attempt without success its token. So the hint of another attempt is never taken away, and
/// what a crash leaves is a hint too many.
struct GroupHints {
  let redis: RedisClient

  /// Notes that a user is about to join.
  ///
  /// - Returns: the token of this attempt.
  func announce(_ group: GroupID, of user: UserID) async throws(RedisError) -> String {
    let token = "joining \(UInt64.random(in: .min ... .max))"
    _ = try await redis.send(RedisCommand("HSET", StoreKey.groups(user), group.rawValue, token))
    return token
  }

  /// Notes where the user joined.
  func confirm(_ position: LogPosition, _ group: GroupID, of user: UserID) async throws(RedisError) {
    _ = try await redis.run(
      RedisScript.confirmHint.call(
        keys: [StoreKey.groups(user)], group.rawValue, position.description))
  }

  /// Removes a hint if it is that one: an attempt's token, or where a membership began.
  func remove(_ hint: String, _ group: GroupID, of user: UserID) async throws(RedisError) {
    _ = try await redis.run(
      RedisScript.removeHint.call(keys: [StoreKey.groups(user)], group.rawValue, hint))
  }

  /// The groups that the user may be in.
  func all(of user: UserID) async throws(RedisError) -> [GroupID] {
    var groups: [GroupID] = []
    for group in try await redis.send(RedisCommand("HKEYS", StoreKey.groups(user))).asArray() {
      groups.append(try group.parsed("a group id") { try? GroupID($0) })
    }
    return groups
  }
}
