import Redis

extension RedisScript {
  /// Lets a device in under a new token, and voids the device's earlier one.
  ///
  /// The hash has a field `generation`, the last one that was given; per login a field `token:<secret>` with
  /// `<generation> <device>`; and per device a field `device:<device>` with its secret.
  ///
  /// - `KEYS[1]`: the user's logins.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the new token's secret.
  /// - `ARGV[3]`: for how many milliseconds logins are kept of which none is used.
  /// - Returns: the login's generation.
  static let createLogin = RedisScript(
    """
    local logins, device, secret = KEYS[1], ARGV[1], ARGV[2]
    local earlier = redis.call('HGET', logins, 'device:' .. device)
    if earlier then
      redis.call('HDEL', logins, 'token:' .. earlier)
    end
    local generation = redis.call('HINCRBY', logins, 'generation', 1)
    redis.call('HSET', logins,
      'device:' .. device, secret,
      'token:' .. secret, string.format('%.0f %s', generation, device))
    redis.call('PEXPIRE', logins, ARGV[3])
    return generation
    """)
}
