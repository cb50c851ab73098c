import Redis

/// The scripts of delayed messages. Each works on the keys of one shard:
///
/// - the *due* messages: a sorted set of ids by the time in milliseconds at which something is to be done about them: they are to
///   be sent, their lease is over, or they have failed and are to be forgotten.
/// - the *messages*: a hash from id to `<due> <sender's id> <conversation> <sender's name>`, a line feed, and the content.
/// - the *states*: a hash from id to `<status> <attempt> <since>`: status `w` when it waits again after it was given back, `t` when
///   it was taken since it waited, `r` when that was repeated; the last attempt's number; when it was taken first since it waited.
///   Or `f <attempt> <since> <reason> <detail>` when it has failed. One that was never taken has none.
/// - a user's *own* messages: a sorted set of ids by when they are to be sent.
extension RedisScript {
  private static let delayedPrelude = """
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)

    local function text(number)
      return string.format('%.0f', number)
    end

    """

  /// Keeps a message until its time.
  ///
  /// - `KEYS[1]`, `KEYS[2]`, `KEYS[3]`: the due messages, the messages, and the sender's own.
  /// - `KEYS[4]`: what is remembered of the idempotency key, `<due> <id>`; absent without one.
  /// - `ARGV[1]`, `ARGV[2]`: the id, and the message without the time that stands before it.
  /// - `ARGV[3]`, `ARGV[4]`: when it is to be sent, or empty; else after how many milliseconds.
  /// - `ARGV[5]`: how many milliseconds ahead that may be.
  /// - `ARGV[6]`: how many messages the sender may have.
  /// - `ARGV[7]`: for how many milliseconds the key is remembered.
  /// - Returns: one of `{'scheduled', due, id}`, `{'known', due, id}`, `{'far', latest}`, `{'many'}`.
  static let scheduleDelayed = RedisScript(
    delayedPrelude + """
      local due, messages, own, memory = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local id, message, moment, delay = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
      local ahead, capacity, lifetime = ARGV[5], ARGV[6], ARGV[7]
      local known = memory and redis.call('GET', memory)
      if known then
        return {'known', string.match(known, '^(%d+) (.+)$')}
      end
      local earlier = redis.call('ZSCORE', own, id)
      if earlier then
        return {'known', text(tonumber(earlier)), id}
      end
      local at = moment ~= '' and tonumber(moment) or now + tonumber(delay)
      if at > now + ahead then
        return {'far', text(now + ahead)}
      end
      if redis.call('ZCARD', own) >= tonumber(capacity) then
        return {'many'}
      end
      if redis.call('HSETNX', messages, id, text(at) .. ' ' .. message) == 0 then
        return redis.error_reply('EXISTS the id is that of another sender')
      end
      redis.call('ZADD', due, text(at), id)
      redis.call('ZADD', own, text(at), id)
      if memory then
        redis.call('SET', memory, text(at) .. ' ' .. id, 'PX', lifetime)
      end
      return {'scheduled', text(at), id}
      """)

  /// Removes a message if nobody has taken it.
  ///
  /// - `KEYS[1]` to `KEYS[4]`: the due messages, the messages, their states, and the user's own.
  /// - `ARGV[1]`: the id.
  /// - Returns: `cancelled`, `late` or `unknown`.
  static let cancelDelayed = RedisScript(
    """
    local due, messages, states, own = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
    local id = ARGV[1]
    if not redis.call('ZSCORE', own, id) then
      return 'unknown'
    end
    local status = string.sub(redis.call('HGET', states, id) or 'w', 1, 1)
    if status == 't' or status == 'r' then
      return 'late'
    end
    redis.call('ZREM', due, id)
    redis.call('ZREM', own, id)
    redis.call('HDEL', messages, id)
    redis.call('HDEL', states, id)
    return 'cancelled'
    """)

  /// Takes messages whose time has come. Where there are none it writes nothing.
  ///
  /// - `KEYS[1]`, `KEYS[2]`, `KEYS[3]`: the due messages, the messages, and their states.
  /// - `ARGV[1]`: how many to look at.
  /// - `ARGV[2]`: for how many milliseconds they are taken.
  /// - `ARGV[3]`: for how many milliseconds after it was taken first one is tried again.
  /// - Returns: for each `{id, message, attempt, 0 or 1 for one that is uncertain}`, with the attempt 0 for one that has failed and is
  ///   to be forgotten.
  static let takeDelayed = RedisScript(
    delayedPrelude + """
      local due, messages, states = KEYS[1], KEYS[2], KEYS[3]
      local taken = {}
      for _, id in ipairs(redis.call('ZRANGEBYSCORE', due, '-inf', text(now), 'LIMIT', 0, ARGV[1])) do
        local message = redis.call('HGET', messages, id)
        local state = redis.call('HGET', states, id) or 'w 0 0'
        local status, attempt, since = string.match(state, '^(%l) (%d+) (%d+)')
        if not message then
          redis.call('ZREM', due, id)
          redis.call('HDEL', states, id)
        elseif status == 'f' then
          taken[#taken + 1] = {id, message, 0, 0}
        else
          local uncertain = 0
          if status == 'w' then
            status, since = 't', text(now)
          else
            status = 'r'
            if now - since >= tonumber(ARGV[3]) then
              uncertain = 1
            end
          end
          attempt = attempt + 1
          redis.call('HSET', states, id, status .. ' ' .. text(attempt) .. ' ' .. since)
          redis.call('ZADD', due, text(now + ARGV[2]), id)
          taken[#taken + 1] = {id, message, attempt, uncertain}
        end
      end
      return taken
      """)

  /// Leaves a message to be taken again, if nobody has taken it since.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the due messages and the states.
  /// - `ARGV[1]`, `ARGV[2]`: the id, and the attempt that is given up.
  /// - `ARGV[3]`: 1 when the message was not sent and won't be by that attempt.
  /// - `ARGV[4]`: after how many milliseconds it is to be taken.
  static let releaseDelayed = RedisScript(
    delayedPrelude + """
      local due, states = KEYS[1], KEYS[2]
      local id, attempt, unsent, pause = ARGV[1], ARGV[2], ARGV[3], ARGV[4]
      local status, last = string.match(redis.call('HGET', states, id) or '', '^([tr]) (%d+) ')
      if not status or last ~= attempt then
        return 0
      end
      if unsent == '1' and status == 't' then
        redis.call('HSET', states, id, 'w ' .. last .. ' 0')
      end
      redis.call('ZADD', due, 'XX', text(now + pause), id)
      return 1
      """)

  /// Ends a message's life, or has it listed as failed for a time.
  ///
  /// - `KEYS[1]` to `KEYS[4]`: the due messages, the messages, their states, and the sender's own.
  /// - `ARGV[1]`: the id.
  /// - `ARGV[2]`, `ARGV[3]`: reason and detail of a failure; empty when it is sent or to be forgotten.
  /// - `ARGV[4]`: for how many milliseconds a failure is listed.
  static let concludeDelayed = RedisScript(
    delayedPrelude + """
      local due, messages, states, own = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local id, reason, detail = ARGV[1], ARGV[2], ARGV[3]
      if reason == '' then
        redis.call('ZREM', due, id)
        redis.call('ZREM', own, id)
        redis.call('HDEL', messages, id)
        redis.call('HDEL', states, id)
        return 0
      end
      local status, attempt = string.match(redis.call('HGET', states, id) or 'w 0 0', '^(%l) (%d+) ')
      if redis.call('HEXISTS', messages, id) == 1 and status ~= 'f' then
        redis.call('HSET', states, id, 'f ' .. attempt .. ' ' .. text(now) .. ' ' .. reason .. ' ' .. detail)
        redis.call('ZADD', due, text(now + ARGV[4]), id)
      end
      return 0
      """)
}
