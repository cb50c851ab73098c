import Redis

extension RedisScript {
  /// Appends a message to a conversation's log, or answers it as it was answered before.
  ///
  /// An entry's fields are `s` and `n`, the sender's id and name; `c`, the content; `t`, the time in milliseconds; `v`,
  /// the position of the entry before it; `p` and `k`, the producer and its counter. What is absent is empty: entries
  /// with the same fields cost a stream no field names.
  ///
  /// A producer's hash has `owner`, the sender's id; `last`, the last counter; and for the last counters a field named
  /// by the counter with the answer: `+<position>`, or `-<reason> <detail>`.
  ///
  /// - `KEYS[1]`: the log, a stream.
  /// - `KEYS[2]`: the position of its last entry.
  /// - `KEYS[3]`: what is remembered of the producer, or the position under the idempotency key; absent when the message
  ///   has neither.
  /// - `ARGV[1]`, `ARGV[2]`: the sender's id and name.
  /// - `ARGV[3]`: the content.
  /// - `ARGV[4]`, `ARGV[5]`: the producer and its counter, or empty.
  /// - `ARGV[6]`, `ARGV[7]`: reason and detail of a refusal to be answered in place of appending, or empty.
  /// - `ARGV[8]`: how many entries the log keeps; the oldest go in strides.
  /// - `ARGV[9]`: for how many milliseconds `KEYS[3]` is remembered.
  /// - `ARGV[10]`: how many answers are kept of a producer.
  /// - Returns: one of `{'appended', position, predecessor or '', time}`, `{'known', position, fields}`,
  ///   `{'refused', reason, detail}`, `{'gap', expected counter}`, `{'unknown'}` for a duplicate without an answer, and
  ///   `{'foreign'}` for another user's producer.
  static let append = RedisScript(
    """
    local log, tail, memory = KEYS[1], KEYS[2], KEYS[3]
    local sender, name, content, producer, counter = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
    local refusal, detail = ARGV[6], ARGV[7]
    local capacity, lifetime, window = ARGV[8], ARGV[9], ARGV[10]

    local function text(number)
      return string.format('%.0f', number)
    end

    local function known(position)
      local entry = redis.call('XRANGE', log, position, position)[1]
      if not entry then
        return {'unknown'}
      end
      return {'known', position, entry[2]}
    end

    local function append()
      local time = redis.call('TIME')
      local now = text(time[1] * 1000 + math.floor(time[2] / 1000))
      local previous = redis.call('GET', tail) or ''
      local epoch, seq = string.match(previous, '^(%d+)-(%d+)$')
      local position = (epoch or now) .. '-' .. text((seq or 0) + 1)
      redis.call('XADD', log, 'MAXLEN', '~', capacity, position,
        's', sender, 'n', name, 'c', content, 't', now, 'v', previous, 'p', producer, 'k', counter)
      redis.call('SET', tail, position)
      return {'appended', position, previous, now}
    end

    local function answer()
      if refusal ~= '' then
        return {'refused', refusal, detail}
      end
      return append()
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
      local record = outcome[1] == 'appended' and '+' .. outcome[2] or '-' .. refusal .. ' ' .. detail
      redis.call('HSET', memory, 'owner', sender, 'last', counter, counter, record)
      redis.call('HDEL', memory, text(number - window))
      redis.call('PEXPIRE', memory, lifetime)
      return outcome
    end

    if memory then
      local position = redis.call('GET', memory)
      if position then
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
