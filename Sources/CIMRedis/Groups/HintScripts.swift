import Redis

extension RedisScript {
  /// Writes where a user joined a group, unless a later place stands.
  ///
  /// - `KEYS[1]`: the user's groups, see `GroupHints`.
  /// - `ARGV[1]`: the group.
  /// - `ARGV[2]`: the position where the user joined.
  static let confirmHint = RedisScript(
    positionPrelude + """
      local groups, group, position = KEYS[1], ARGV[1], ARGV[2]
      if is_ahead(position, redis.call('HGET', groups, group)) then
        redis.call('HSET', groups, group, position)
      end
      return 0
      """)

  /// Removes the hint at a group if it is still what is expected.
  ///
  /// - `KEYS[1]`: the user's groups, see `GroupHints`.
  /// - `ARGV[1]`: the group.
  /// - `ARGV[2]`: the expected hint: a token, or a position.
  static let removeHint = RedisScript(
    """
    local groups, group, expected = KEYS[1], ARGV[1], ARGV[2]
    if redis.call('HGET', groups, group) == expected then
      redis.call('HDEL', groups, group)
    end
    return 0
    """)
}
