import Redis

extension RedisScript {
  /// Sets a user's mark on a conversation to the present, at least 1 ms after the mark that it replaces.
  ///
  /// - `KEYS[1]`: the user's dirty marks.
  /// - `ARGV[1]`: the conversation.
  /// - `ARGV[2]`: for how many milliseconds marks are kept to which none is added.
  /// - Returns: the mark's time in milliseconds.
  static let markDirty = RedisScript(
    """
    local marks, conversation = KEYS[1], ARGV[1]
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local earlier = tonumber(redis.call('ZSCORE', marks, conversation) or 0)
    local mark = string.format('%.0f', math.max(now, earlier + 1))
    redis.call('ZADD', marks, mark, conversation)
    redis.call('PEXPIRE', marks, ARGV[2])
    return mark
    """)
}
