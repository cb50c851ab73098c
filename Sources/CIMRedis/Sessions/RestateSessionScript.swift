import Redis

extension RedisScript {
  /// Writes a device's session again, with the epoch it has, unless a newer one stands.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the user's sessions and last session epoch, see `openSession`.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the epoch.
  /// - `ARGV[3]`: the login generation.
  /// - `ARGV[4]`: the server instance.
  /// - Returns: `{1, what was stored for the device before, or nil}`; `{0}` when a newer one stands.
  static let restateSession = RedisScript(
    """
    local sessions, last_epoch = KEYS[1], KEYS[2]
    local device, epoch, generation, instance = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
    local stored = redis.call('HGET', sessions, device)
    if stored and tonumber(string.match(stored, '^%d+')) > tonumber(epoch) then
      return {0}
    end
    redis.call('HSET', sessions, device, epoch .. ' ' .. generation .. ' ' .. instance)
    local last = tonumber(redis.call('GET', last_epoch) or 0)
    redis.call('SET', last_epoch, string.format('%.0f', math.max(last, epoch)), 'PX', 86400000)
    return {1, stored}
    """)
}
