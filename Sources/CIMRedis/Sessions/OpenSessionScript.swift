import Redis

extension RedisScript {
  /// Writes a device's session under a new epoch, in place of its earlier one.
  ///
  /// The last epoch is kept apart from the sessions, and a day longer: a session that is opened right after one was
  /// closed, by a clock that stood still or was set back, still gets a greater one.
  ///
  /// - `KEYS[1]`: the user's sessions, a hash from device to `<epoch> <login generation> <server instance>`.
  /// - `KEYS[2]`: the user's last session epoch.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the login generation.
  /// - `ARGV[3]`: the server instance.
  /// - Returns: the epoch, and what was stored for the device before, or nil.
  static let openSession = RedisScript(
    """
    local sessions, last_epoch = KEYS[1], KEYS[2]
    local device, generation, instance = ARGV[1], ARGV[2], ARGV[3]
    local replaced = redis.call('HGET', sessions, device)
    local time = redis.call('TIME')
    local epoch = time[1] * 1000 + math.floor(time[2] / 1000)
    local stored = tonumber(redis.call('GET', last_epoch) or 0)
    if replaced then
      stored = math.max(stored, tonumber(string.match(replaced, '^%d+')))
    end
    epoch = string.format('%.0f', math.max(epoch, stored + 1))
    redis.call('HSET', sessions, device, epoch .. ' ' .. generation .. ' ' .. instance)
    redis.call('SET', last_epoch, epoch, 'PX', 86400000)
    return {epoch, replaced}
    """)
}
