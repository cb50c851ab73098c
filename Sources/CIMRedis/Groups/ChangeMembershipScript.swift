import Redis

extension RedisScript {
  /// Changes a group's membership, and appends the entry that says so.
  ///
  /// Members are a sorted set of `<user> <position where the user joined>` by user id.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the log and its tail, see `logPrelude`. A group is there when its tail is.
  /// - `KEYS[3]`: the members.
  /// - `KEYS[4]`: who was a member: a hash from user id to the position where the user left.
  /// - `ARGV[1]`: `create`, `join` or `leave`.
  /// - `ARGV[2]`, `ARGV[3]`: the user's id and name.
  /// - `ARGV[4]`: the entry's content.
  /// - `ARGV[5]`: how many entries the log keeps; the oldest go in strides.
  /// - `ARGV[6]`: for how many milliseconds an entry is kept.
  /// - Returns: `{'appended', position, predecessor or '', time, where the user had joined or ''}`, `{'unchanged', position
  ///   or ''}`, or `{'none'}`: there is no such group, or to `create` that there is one.
  static let changeMembership = RedisScript(
    logPrelude + """
      local log, tail, members, former = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local change, user, name, content, capacity, age = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]

      if (redis.call('EXISTS', tail) == 1) == (change == 'create') then
        return {'none'}
      end
      local since = joined(members, user)
      if change == 'leave' and not since then
        return {'unchanged', redis.call('HGET', former, user) or ''}
      end
      if change ~= 'leave' and since then
        return {'unchanged', since}
      end
      local outcome = log_entry(log, tail, user, name, content, '', '', capacity, age, 0)
      if change == 'leave' then
        redis.call('ZREM', members, user .. ' ' .. since)
        redis.call('HSET', former, user, outcome[2])
      else
        redis.call('ZADD', members, user, user .. ' ' .. outcome[2])
        redis.call('HDEL', former, user)
      end
      outcome[5] = since or ''
      return outcome
      """)
}
