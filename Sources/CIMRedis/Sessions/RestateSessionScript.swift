import Redis

extension RedisScript {
  /// Writes a device's session again, with the epoch it has, unless a newer one stands, or stood.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the user's sessions and session epochs, see `openSession`.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the epoch.
  /// - `ARGV[3]`: the login generation.
  /// - `ARGV[4]`: the server instance.
  /// - Returns: `{1, what was stored for the device before, or nil}`; `{0}` when there is or was a newer one.
  static let restateSession = RedisScript(
    """
    local sessions, epochs = KEYS[1], KEYS[2]
    local device, epoch, generation, instance = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
    local stored = redis.call('HGET', sessions, device)
    if stored and tonumber(string.match(stored, '^%d+')) > tonumber(epoch) then
      return {0}
    end
    local drawn = redis.call('HMGET', epochs, ':last', device)
    if tonumber(drawn[2] or 0) > tonumber(epoch) then
      return {0}
    end
    redis.call('HSET', sessions, device, epoch .. ' ' .. generation .. ' ' .. instance)
    local last = string.format('%.0f', math.max(tonumber(drawn[1] or 0), epoch))
    redis.call('HSET', epochs, ':last', last, device, epoch)
    redis.call('PEXPIRE', epochs, 86400000)
    return {1, stored}
    """)
}
