import Redis

extension RedisScript {
  /// Gives a device its first cursor in a conversation, and with it the user's in all others; unless it has that one.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the device's and the user's cursors, see `advanceCursors`.
  /// - `ARGV[1]`: for how many milliseconds cursors are kept that do not move.
  /// - `ARGV[2]`, `ARGV[3]`: the conversation and the position.
  /// - Returns: the cursor that the device has now in that conversation.
  static let beginCursors = RedisScript(
    """
    local device, user, conversation = KEYS[1], KEYS[2], ARGV[2]
    if redis.call('HSETNX', device, conversation, ARGV[3]) == 1 then
      local cursors = redis.call('HGETALL', user)
      for index = 1, #cursors, 2 do
        redis.call('HSETNX', device, cursors[index], cursors[index + 1])
      end
    end
    redis.call('PEXPIRE', device, ARGV[1])
    return redis.call('HGET', device, conversation)
    """)
}
