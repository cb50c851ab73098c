import Redis

extension RedisScript {
  /// Moves cursors forward; both of a device and of its user.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the device's and the user's cursors: hashes from conversation to position.
  /// - `ARGV[1]`: for how many milliseconds cursors are kept that do not move.
  /// - `ARGV[2]`, `ARGV[3]`, …: conversations, each followed by a position.
  static let advanceCursors = RedisScript(
    positionPrelude + """
      for _, cursors in ipairs(KEYS) do
        for index = 2, #ARGV, 2 do
          local conversation, position = ARGV[index], ARGV[index + 1]
          if is_ahead(position, redis.call('HGET', cursors, conversation)) then
            redis.call('HSET', cursors, conversation, position)
          end
        end
        redis.call('PEXPIRE', cursors, ARGV[1])
      end
      return 0
      """)
}
