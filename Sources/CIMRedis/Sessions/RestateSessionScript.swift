import Redis

extension RedisScript {
  /// Writes a device's session again, with the epoch it has, unless a newer one stands, or stood, or another device was let in
  /// since.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the user's sessions and session epochs, see `openSession`.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the epoch.
  /// - `ARGV[3]`: the login generation.
  /// - `ARGV[4]`: the server instance.
  /// - `ARGV[5…]`: the device's kind, the policy, and server instances that are dead: see `openSession`.
  /// - Returns: `{1, what was stored for the device before, or nil}`; `{0}` when there is or was a newer one; `{2, and of
  ///   each session of another device that bars it the device and what is stored}`.
  static let restateSession = RedisScript(
    sessionPrelude + """
      local sessions, epochs = KEYS[1], KEYS[2]
      local device, epoch, generation, instance, kind = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
      local stored = redis.call('HGET', sessions, device)
      if stored and tonumber(string.match(stored, '^%d+')) > tonumber(epoch) then
        return {0}
      end
      local drawn = redis.call('HMGET', epochs, ':last', device)
      if tonumber(drawn[2] or 0) > tonumber(epoch) then
        return {0}
      end
      local barred = {2}
      for _, rival in ipairs(rivals(sessions, device, kind, ARGV[6], 7)) do
        if rival.epoch > tonumber(epoch) then
          put(barred, rival)
        end
      end
      if #barred > 1 then
        return barred
      end
      local session = epoch .. ' ' .. generation .. ' ' .. instance
      if kind ~= '' then
        session = session .. ' ' .. kind
      end
      redis.call('HSET', sessions, device, session)
      local last = string.format('%.0f', math.max(tonumber(drawn[1] or 0), epoch))
      redis.call('HSET', epochs, ':last', last, device, epoch)
      redis.call('PEXPIRE', epochs, 86400000)
      return {1, stored}
      """)
}
