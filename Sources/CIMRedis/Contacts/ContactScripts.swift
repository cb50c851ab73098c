import Redis

/// Scripts on what a user's list of others says, which is not the truth of it: a sorted set by the time of each line in
/// milliseconds.
extension RedisScript {
  /// Sets a line of a list to the present.
  ///
  /// - `KEYS[1]`: the list.
  /// - `ARGV[1]`: the line.
  /// - `ARGV[2]`: for how many milliseconds a list is kept to which nothing is added; 0 keeps it for ever.
  static let noteLine = RedisScript(
    """
    local time = redis.call('TIME')
    redis.call('ZADD', KEYS[1], string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), ARGV[1])
    if ARGV[2] ~= '0' then
      redis.call('PEXPIRE', KEYS[1], ARGV[2])
    end
    return 0
    """)

  /// Removes lines of a list, each if it still has its time, and that is long ago.
  ///
  /// - `KEYS[1]`: the list.
  /// - `ARGV[1]`: how many milliseconds ago.
  /// - `ARGV[2]`, `ARGV[3]`, …: lines, each followed by its time.
  static let forgetLines = RedisScript(
    """
    local time = redis.call('TIME')
    local latest = time[1] * 1000 + math.floor(time[2] / 1000) - ARGV[1]
    for index = 2, #ARGV, 2 do
      local noted = tonumber(redis.call('ZSCORE', KEYS[1], ARGV[index]))
      if noted == tonumber(ARGV[index + 1]) and noted <= latest then
        redis.call('ZREM', KEYS[1], ARGV[index])
      end
    end
    return 0
    """)
}
