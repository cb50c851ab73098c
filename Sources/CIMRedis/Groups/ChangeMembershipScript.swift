import Redis

extension RedisScript {
  /// Changes a group's membership, and appends the entry that says so.
  ///
  /// Members are a sorted set of `<user> <position where the user joined>` by user id.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the log and its tail, see `logPrelude`. A group is there when its tail is.
  /// - `KEYS[3]`: the members.
  /// - `KEYS[4]`: who was a member: a hash from user id to `<joined> <left> <joined> <left> …`, positions of the memberships
  ///   that have ended, ascending.
  /// - `ARGV[1]`: `create`, `join` or `leave`.
  /// - `ARGV[2]`, `ARGV[3]`: the user's id and name.
  /// - `ARGV[4]`: the entry's content.
  /// - `ARGV[5]`: how many entries the log keeps; the oldest go in strides.
  /// - `ARGV[6]`: for how many milliseconds an entry is kept.
  /// - `ARGV[7]`: how many memberships that have ended are kept of each user, the latest.
  /// - Returns: `{'appended', position, predecessor or '', time, where the user had joined or ''}`, `{'unchanged', position
  ///   or ''}`, or `{'none'}`: there is no such group, or to `create` that there is one.
  static let changeMembership = RedisScript(
    logPrelude + """
      local log, tail, members, former = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local change, user, name, content, capacity, age = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
      local kept = tonumber(ARGV[7])

      if (redis.call('EXISTS', tail) == 1) == (change == 'create') then
        return {'none'}
      end
      local since = joined(members, user)
      if change == 'leave' and not since then
        return {'unchanged', string.match(redis.call('HGET', former, user) or '', '%S+$') or ''}
      end
      if change ~= 'leave' and since then
        return {'unchanged', since}
      end
      local outcome = log_entry(log, tail, user, name, content, '', '', capacity, age, 0)
      if change == 'leave' then
        redis.call('ZREM', members, user .. ' ' .. since)
        local places = {}
        for place in string.gmatch(redis.call('HGET', former, user) or '', '%S+') do
          places[#places + 1] = place
        end
        places[#places + 1] = since
        places[#places + 1] = outcome[2]
        redis.call('HSET', former, user, table.concat(places, ' ', math.max(1, #places - 2 * kept + 1)))
      else
        redis.call('ZADD', members, user, user .. ' ' .. outcome[2])
      end
      outcome[5] = since or ''
      return outcome
      """)
}
