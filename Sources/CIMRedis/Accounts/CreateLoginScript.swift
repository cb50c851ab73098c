import Redis

extension RedisScript {
  /// Lets a device in under a new token, and voids the device's earlier one.
  ///
  /// The hash has a field `generation`, the last one that was given; per login a field `token:<secret>` with
  /// `<generation> <device>[ <kind>]`; and per device a field `device:<device>` with its secret.
  ///
  /// - `KEYS[1]`: the user's logins.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the new token's secret.
  /// - `ARGV[3]`: the device's kind.
  /// - `ARGV[4]`: for how many milliseconds logins are kept of which none is used.
  /// - Returns: the login's generation.
  static let createLogin = RedisScript(
    """
    local logins, device, secret, kind = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
    local earlier = redis.call('HGET', logins, 'device:' .. device)
    if earlier then
      redis.call('HDEL', logins, 'token:' .. earlier)
    end
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    local last = tonumber(redis.call('HGET', logins, 'generation') or 0)
    local generation = string.format('%.0f', math.max(now, last + 1))
    local login = generation .. ' ' .. device
    if kind ~= '' then
      login = login .. ' ' .. kind
    end
    redis.call('HSET', logins, 'generation', generation, 'device:' .. device, secret, 'token:' .. secret, login)
    redis.call('PEXPIRE', logins, ARGV[4])
    return generation
    """)
}
