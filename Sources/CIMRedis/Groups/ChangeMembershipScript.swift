import Redis

extension RedisScript {
  /// Changes a group's membership, and appends the entry that says so.
  ///
  /// Members are a sorted set of `<user> <position where the user joined>` by user id, with a third word ` muted` for who
  /// can't send: so the append script learns both with one look.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the log and its tail, see `logPrelude`. A group is there when its tail is.
  /// - `KEYS[3]`: the members.
  /// - `KEYS[4]`: who was a member: a hash from user id to `<joined> <left> <joined> <left> …`, positions of the memberships
  ///   that have ended, ascending; and `muted:<user id>` for who was muted when the last of them ended.
  /// - `ARGV[1]`: `create`, `join`, `leave`, `remove`, `mute` or `unmute`.
  /// - `ARGV[2]`, `ARGV[3]`: the id and name of who does it.
  /// - `ARGV[4]`: the entry's content.
  /// - `ARGV[5]`: how many entries the log keeps; the oldest go in strides.
  /// - `ARGV[6]`: for how many milliseconds an entry is kept.
  /// - `ARGV[7]`: how many memberships that have ended are kept of each user, the latest.
  /// - `ARGV[8]`: the id of the user to whom it is done.
  /// - `ARGV[9]`: how many members there may be for one more to join.
  /// - Returns: `{'appended', position, predecessor or '', time, where the user had joined or ''}`, `{'unchanged', position
  ///   or ''}`, `{'full'}`: nobody can join, `{'stranger'}`: the user to be muted is no member, `{'denied'}`: only the owner can do that, and not to
  ///   itself, or `{'none'}`: there is no such group, or to `create` that there is one, or to what only the owner can do
  ///   that who asks is no member.
  static let changeMembership = RedisScript(
    logPrelude + """
      local log, tail, members, former = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local change, actor, name, content, capacity, age = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
      local kept, user = tonumber(ARGV[7]), ARGV[8]

      local function lowest()
        local line = redis.call('ZRANGE', members, 0, 0)[1]
        return line and string.match(line, '^%S+')
      end

      if (redis.call('EXISTS', tail) == 1) == (change == 'create') then
        return {'none'}
      end
      local since, muted = joined(members, user)
      local owner = redis.call('HGET', tail, 'owner') or lowest()
      if change == 'create' or change == 'join' then
        if since then
          return {'unchanged', since}
        end
        if redis.call('ZCARD', members) >= tonumber(ARGV[9]) then
          return {'full'}
        end
      elseif change == 'leave' then
        if not since then
          return {'unchanged', string.match(redis.call('HGET', former, user) or '', '%S+$') or ''}
        end
      else
        if not joined(members, actor) then
          return {'none'}
        end
        if actor ~= owner or (actor == user and change ~= 'unmute') then
          return {'denied'}
        end
        if not since then
          return change == 'remove' and {'unchanged', ''} or {'stranger'}
        end
        if (change == 'mute' and muted) or (change == 'unmute' and not muted) then
          return {'unchanged', ''}
        end
      end

      local outcome = log_entry(log, tail, actor, name, content, '', '', capacity, age, 0)
      local mute = 'muted:' .. user
      if change == 'leave' or change == 'remove' then
        redis.call('ZREM', members, user .. ' ' .. since .. (muted and ' muted' or ''))
        local places = {}
        for place in string.gmatch(redis.call('HGET', former, user) or '', '%S+') do
          places[#places + 1] = place
        end
        places[#places + 1] = since
        places[#places + 1] = outcome[2]
        redis.call('HSET', former, user, table.concat(places, ' ', math.max(1, #places - 2 * kept + 1)))
        if muted then
          redis.call('HSET', former, mute, '1')
        end
        if owner == user then
          owner = lowest()
        end
      elseif change == 'mute' or change == 'unmute' then
        redis.call('ZREM', members, user .. ' ' .. since .. (muted and ' muted' or ''))
        redis.call('ZADD', members, user, user .. ' ' .. since .. (muted and '' or ' muted'))
      else
        local was_muted = redis.call('HDEL', former, mute) == 1
        redis.call('ZADD', members, user, user .. ' ' .. outcome[2] .. (was_muted and ' muted' or ''))
        owner = owner or user
      end
      if owner then
        redis.call('HSET', tail, 'owner', owner)
      else
        redis.call('HDEL', tail, 'owner')
      end
      outcome[5] = since or ''
      return outcome
      """)
}
