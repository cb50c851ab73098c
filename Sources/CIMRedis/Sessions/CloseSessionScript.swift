import Redis

extension RedisScript {
  /// Removes a device's session if it still has that epoch, and is on that server.
  ///
  /// - `KEYS[1]`: the user's sessions, see `openSession`.
  /// - `ARGV[1]`: the device.
  /// - `ARGV[2]`: the epoch.
  /// - `ARGV[3]`: the server instance; empty means any.
  /// - Returns: what was removed, or nil.
  static let closeSession = RedisScript(
    """
    local sessions, device, epoch, instance = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
    local stored = redis.call('HGET', sessions, device)
    if not stored or string.match(stored, '^%d+') ~= epoch then
      return false
    end
    if instance ~= '' and string.match(stored, '^%d+ %d+ (%S+)') ~= instance then
      return false
    end
    redis.call('HDEL', sessions, device)
    return stored
    """)
}
