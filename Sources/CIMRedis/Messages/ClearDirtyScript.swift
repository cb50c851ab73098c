import Redis

extension RedisScript {
  /// Removes a user's mark on a conversation if it still has that time, and its lease is over.
  ///
  /// - `KEYS[1]`: the user's dirty marks.
  /// - `ARGV[1]`: the conversation.
  /// - `ARGV[2]`: the mark's time in milliseconds.
  /// - `ARGV[3]`: when its lease is over.
  /// - Returns: 1 when it was removed, otherwise 0.
  static let clearDirty = RedisScript(
    """
    local marks, conversation, seen, lease_end = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
    local time = redis.call('TIME')
    if time[1] * 1000 + math.floor(time[2] / 1000) < tonumber(lease_end) then
      return 0
    end
    local mark = redis.call('ZSCORE', marks, conversation)
    if not mark or tonumber(mark) ~= tonumber(seen) then
      return 0
    end
    return redis.call('ZREM', marks, conversation)
    """)
}
