import CIMCore
import Redis

extension RedisScript {
  /// Appends a message to a conversation's log, or answers it as it was answered before.
  ///
  /// A producer's hash has `owner`, the sender's id; `last`, the last counter; and for the last counters a field named
  /// by the counter with the answer: `+<position>`, or `-<reason> <detail>`.
  ///
  /// - `KEYS[1]`, `KEYS[2]`: the log, a stream, and its tail, see `logPrelude`.
  /// - `KEYS[3]`: a group's members, see `changeMembership`; of a private conversation who blocks, a set of user ids.
  /// - `KEYS[4]`: what is remembered of the producer, or the position under the idempotency key; absent when the message
  ///   has neither.
  /// - `ARGV[1]`, `ARGV[2]`: the sender's id and name.
  /// - `ARGV[3]`: the content.
  /// - `ARGV[4]`, `ARGV[5]`: the producer and its counter, or empty.
  /// - `ARGV[6]`, `ARGV[7]`: reason and detail of a refusal to be answered in place of appending, or empty.
  /// - `ARGV[8]`, `ARGV[9]`: the same for who is no member; empty when everybody may append.
  /// - `ARGV[10]`: from which time in milliseconds on nothing is appended, or empty.
  /// - `ARGV[11]`: for how many milliseconds `KEYS[4]` is remembered.
  /// - `ARGV[12]`: how many answers are kept of a producer.
  /// - `ARGV[13]`: how many entries the log keeps; the oldest go in strides.
  /// - `ARGV[14]`, `ARGV[15]`: for how many milliseconds an entry is kept, and an idle tail; 0 keeps it for ever.
  /// - `ARGV[16]`: the reason of a refusal for who is blocked; empty when nobody can be.
  /// - `ARGV[17]`, `ARGV[18]`: its detail for who is blocked, and for who blocks.
  /// - Returns: one of `{'appended', position, predecessor or '', time}`, `{'known', position, fields}`,
  ///   `{'refused', reason, detail}`, `{'stale'}` for a time that has come, `{'gap', expected counter}`, `{'unknown'}` for
  ///   a duplicate without an answer, and `{'foreign'}` for another user's producer.
  ///
  /// Whatever is answered with an entry is written too, be it only how long something is remembered: `WAIT` waits for
  /// the last write of its connection.
  static let append = RedisScript(
    logPrelude + """
      local log, tail, members, memory = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
      local sender, name, content, producer, counter = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
      local refusal, detail, outsider, outsider_detail = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
      local lease_end, lifetime, window = ARGV[10], ARGV[11], ARGV[12]
      local capacity, age, idle = ARGV[13], ARGV[14], ARGV[15]

      local function known(position)
        local entry = redis.call('XRANGE', log, position, position)[1]
        if not entry then
          return {'unknown'}
        end
        return {'known', position, entry[2]}
      end

      local function answer()
        if refusal ~= '' then
          return {'refused', refusal, detail}
        end
        if outsider ~= '' then
          local since, muted = joined(members, sender)
          if not since then
            return {'refused', outsider, outsider_detail}
          end
          if muted then
            return {'refused', '\(Refusal.muted.reason.rawValue)', '\(Refusal.muted.detail)'}
          end
        end
        if ARGV[16] ~= '' then
          local blockers = redis.call('SMEMBERS', members)
          if blockers[1] then
            local blocks = blockers[1] == sender or blockers[2] == sender
            return {'refused', ARGV[16], blocks and ARGV[18] or ARGV[17]}
          end
        end
        if lease_end ~= '' and now >= tonumber(lease_end) then
          return {'stale'}
        end
        return log_entry(log, tail, sender, name, content, producer, counter, capacity, age, idle)
      end

      if producer ~= '' then
        local owner, last = unpack(redis.call('HMGET', memory, 'owner', 'last'))
        if owner and owner ~= sender then
          return {'foreign'}
        end
        last = tonumber(last or 0)
        local number = tonumber(counter)
        if number > last + 1 then
          return {'gap', text(last + 1)}
        end
        if number <= last then
          local earlier = redis.call('HGET', memory, counter)
          if not earlier then
            return {'unknown'}
          end
          redis.call('PEXPIRE', memory, lifetime)
          if string.sub(earlier, 1, 1) == '+' then
            return known(string.sub(earlier, 2))
          end
          return {'refused', string.match(earlier, '^-(%S+) (.*)$')}
        end
        local outcome = answer()
        if outcome[1] == 'stale' then
          return outcome
        end
        local record = outcome[1] == 'appended' and '+' .. outcome[2] or '-' .. outcome[2] .. ' ' .. outcome[3]
        redis.call('HSET', memory, 'owner', sender, 'last', counter, counter, record)
        redis.call('HDEL', memory, text(number - window))
        redis.call('PEXPIRE', memory, lifetime)
        return outcome
      end

      if memory then
        local position = redis.call('GET', memory)
        if position then
          redis.call('SET', memory, position, 'KEEPTTL')
          return known(position)
        end
        local outcome = answer()
        if outcome[1] == 'appended' then
          redis.call('SET', memory, outcome[2], 'PX', lifetime)
        end
        return outcome
      end

      return answer()
      """)
}
