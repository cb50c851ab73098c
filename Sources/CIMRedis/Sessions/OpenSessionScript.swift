import Redis

extension RedisScript {
  /// Writes a device's session under a new epoch, in place of its earlier one and of those of other devices that have to
  /// give way, unless one of these bars it.
  ///
  /// The epochs that were drawn are kept apart from the sessions, and a day longer: a session that is opened right after one
  /// was closed, by a clock that stood still or was set back, still gets a greater one; and one that was closed after it
  /// took another's place is not undone by the other. They are a hash: `:last`, the last that was drawn for the user,
  /// and by device the last of each. Of a user with many devices those go that are a day old.
  ///
  /// - `KEYS[1]`: the user's sessions, a hash from device to `<epoch> <login generation> <server instance>[ <kind>]`.
  /// - `KEYS[2]`: the user's session epochs.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the login generation.
  /// - `ARGV[3]`: the server instance.
  /// - `ARGV[4]`: the device's kind.
  /// - `ARGV[5]`: the policy, see `LoginPolicy`.
  /// - `ARGV[6…]`: server instances that are dead.
  /// - Returns: `{1, the epoch, what was stored for the device before or nil, and of each session that gave way its device
  ///   and what was stored}`; `{0, and of each session that bars it the same}`.
  static let openSession = RedisScript(
    sessionPrelude + """
      local sessions, epochs = KEYS[1], KEYS[2]
      local device, generation, instance, kind, policy = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
      local others = rivals(sessions, device, kind, policy, 6)
      local barred = {0}
      for _, rival in ipairs(others) do
        if policy == 'reject' or rival.generation > tonumber(generation) then
          put(barred, rival)
        end
      end
      if #barred > 1 then
        return barred
      end
      local replaced = redis.call('HGET', sessions, device)
      local time = redis.call('TIME')
      local now = time[1] * 1000 + math.floor(time[2] / 1000)
      local last = tonumber(redis.call('HGET', epochs, ':last') or 0)
      if replaced then
        last = math.max(last, tonumber(string.match(replaced, '^%d+')))
      end
      for _, rival in ipairs(others) do
        last = math.max(last, rival.epoch)
        redis.call('HDEL', sessions, rival.device)
      end
      local epoch = string.format('%.0f', math.max(now, last + 1))
      local session = epoch .. ' ' .. generation .. ' ' .. instance
      if kind ~= '' then
        session = session .. ' ' .. kind
      end
      redis.call('HSET', sessions, device, session)
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
      local answer = {1, epoch, replaced}
      for _, rival in ipairs(others) do
        put(answer, rival)
      end
      return answer
      """)
}
