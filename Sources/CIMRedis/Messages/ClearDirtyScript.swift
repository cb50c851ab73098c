import Redis

extension RedisScript {
  /// Removes a user's mark on a conversation if it still has that time.
  ///
  /// - `KEYS[1]`: the user's dirty marks.
  /// - `ARGV[1]`: the conversation.
  /// - `ARGV[2]`: the mark's time in milliseconds.
  /// - Returns: 1 when it was removed, otherwise 0.
  static let clearDirty = RedisScript(
    """
    local marks, conversation, seen = KEYS[1], ARGV[1], ARGV[2]
    local mark = redis.call('ZSCORE', marks, conversation)
    if not mark or tonumber(mark) ~= tonumber(seen) then
      return 0
    end
    return redis.call('ZREM', marks, conversation)
    """)
}
