import Redis

extension RedisScript {
  /// Moves cursors forward, of a device and of its user, or a user's read marks.
  ///
  /// - `KEYS`: the device's and the user's cursors, or the read marks: hashes from conversation to position.
  /// - `ARGV[1]`: for how many milliseconds cursors are kept that do not move.
  /// - `ARGV[2]`, `ARGV[3]`, …: conversations, each followed by a position.
  /// - Returns: what was moved in the last of `KEYS`: conversations, each followed by where it was, or by nothing.
  static let advanceCursors = RedisScript(
    positionPrelude + """
      local moved
      for _, cursors in ipairs(KEYS) do
        moved = {}
        for index = 2, #ARGV, 2 do
          local conversation, position = ARGV[index], ARGV[index + 1]
          local stored = redis.call('HGET', cursors, conversation)
          if is_ahead(position, stored) then
            redis.call('HSET', cursors, conversation, position)
            moved[#moved + 1] = conversation
            moved[#moved + 1] = stored or ''
          end
        end
        redis.call('PEXPIRE', cursors, ARGV[1])
      end
      return moved
      """)
}
