import Redis

extension RedisScript {
  /// Ends the login of a token, if it stands.
  ///
  /// - `KEYS[1]`: the user's logins, see `createLogin`.
  /// - `ARGV[1]`: the token's secret.
  /// - Returns: the login that was ended, `<generation> <device>[ <kind>]`, or nil.
  static let revokeLogin = RedisScript(
    """
    local logins, secret = KEYS[1], ARGV[1]
    local login = redis.call('HGET', logins, 'token:' .. secret)
    if not login then
      return false
    end
    local device = string.match(login, '^%d+ (%S+)')
    redis.call('HDEL', logins, 'token:' .. secret, 'device:' .. device)
    return login
    """)
}
