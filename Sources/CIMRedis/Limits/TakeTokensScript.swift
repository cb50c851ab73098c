import Redis

extension RedisScript {
  /// Takes tokens of all buckets, or of none.
  ///
  /// - `KEYS[1]`, `KEYS[2]`, …: the buckets: each the moment in microseconds at which it will be full, absent when it is.
  /// - `ARGV[1]`: how many tokens are wanted.
  /// - `ARGV[2]`, `ARGV[3]`, …: for each bucket how many microseconds a token takes to come, and how many tokens a full one has.
  /// - Returns: `{granted}`, or `{0, index of the bucket for which the wait is longest, that wait in milliseconds}`.
  static let takeTokens = RedisScript(
    """
    local time = redis.call('TIME')
    local now = time[1] * 1000000 + time[2]
    local granted = tonumber(ARGV[1])
    local longest, last = 0, 0
    local debts = {}
    for index, bucket in ipairs(KEYS) do
      local interval, burst = tonumber(ARGV[2 * index]), tonumber(ARGV[2 * index + 1])
      local debt = (tonumber(redis.call('GET', bucket) or '0') or 0) - now
      debt = math.min(math.max(debt, 0), interval * burst)
      debts[index] = debt
      granted = math.min(granted, burst - math.ceil(debt / interval))
      local wait = debt + interval - interval * burst
      if wait > longest then
        longest, last = wait, index
      end
    end
    if granted < 1 then
      return {0, last, math.ceil(longest / 1000)}
    end
    for index, bucket in ipairs(KEYS) do
      local debt = debts[index] + granted * ARGV[2 * index]
      redis.call(
        'SET', bucket, string.format('%.0f', now + debt), 'PX', string.format('%.0f', math.ceil(debt / 1000)))
    end
    return {granted}
    """)
}
