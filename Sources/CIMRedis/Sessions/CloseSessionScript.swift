import Redis

extension RedisScript {
  /// Removes a device's session if it still has that epoch.
  ///
  /// - `KEYS[1]`: the user's sessions, see `openSession`.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the epoch.
  /// - Returns: what was removed, or nil.
  static let closeSession = RedisScript(
    """
    local sessions, device, epoch = KEYS[1], ARGV[1], ARGV[2]
    local stored = redis.call('HGET', sessions, device)
    if not stored or string.match(stored, '^%d+') ~= epoch then
      return false
    end
    redis.call('HDEL', sessions, device)
    return stored
    """)
}
