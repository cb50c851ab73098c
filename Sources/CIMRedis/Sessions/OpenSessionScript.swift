import Redis

extension RedisScript {
  /// Writes a device's session under a new epoch, in place of its earlier one.
  ///
  /// The epochs that were drawn are kept apart from the sessions, and a day longer: a session that is opened right after one
  /// was closed, by a clock that stood still or was set back, still gets a greater one; and one that was closed after it
  /// took another's place is not undone by the other. They are a hash: `:last`, the last that was drawn for the user,
  /// and by device the last of each. Of a user with many devices those go that are a day old.
  ///
  /// - `KEYS[1]`: the user's sessions, a hash from device to `<epoch> <login generation> <server instance>`.
  /// - `KEYS[2]`: the user's session epochs.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the login generation.
  /// - `ARGV[3]`: the server instance.
  /// - Returns: the epoch, and what was stored for the device before, or nil.
  static let openSession = RedisScript(
    """
    local sessions, epochs = KEYS[1], KEYS[2]
    local device, generation, instance = ARGV[1], ARGV[2], ARGV[3]
    local replaced = redis.call('HGET', sessions, device)
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local last = tonumber(redis.call('HGET', epochs, ':last') or 0)
    if replaced then
      last = math.max(last, tonumber(string.match(replaced, '^%d+')))
    end
    local epoch = string.format('%.0f', math.max(now, last + 1))
    redis.call('HSET', sessions, device, epoch .. ' ' .. generation .. ' ' .. instance)
    if redis.call('HLEN', epochs) > 64 then
      local drawn = redis.call('HGETALL', epochs)
      for index = 1, #drawn, 2 do
        if tonumber(drawn[index + 1]) < now - 86400000 then
          redis.call('HDEL', epochs, drawn[index])
        end
      end
    end
    redis.call('HSET', epochs, ':last', epoch, device, epoch)
    redis.call('PEXPIRE', epochs, 86400000)
    return {epoch, replaced}
    """)
}
