import CIMCore
import Redis

extension RedisScript {
  /// What all scripts that append to a log have in common: Lua functions for their beginning.
  ///
  /// An entry's fields are `s` and `n`, the sender's id and name; `c`, the content; `t`, the time in milliseconds; `v`,
  /// the position of the entry before it; `p` and `k`, the producer and its counter. What is absent is empty: entries
  /// with the same fields cost a stream no field names.
  ///
  /// A log's tail is a hash: `position`, of the last entry, also when that has been trimmed; `store`, the replication id
  /// under which it was written; `due`, when the log is to be looked after; `at`, when the last entry was logged; `ends`, the
  /// last positions of the epochs before, with spaces between them; and for each user a field `u<id>`, the position of the
  /// user's last entry. The lobby's has none of these: everybody speaks there.
  /// Of a group with members there is `owner`, the id of who owns it.
  ///
  /// The replication id is asked of Redis in the script itself: it is that of the very server that appends, whatever
  /// became of it since the connection was made. It costs 2 us. A new epoch is later than the log's, and later than any
  /// that was lost as long as the clocks of two masters differ by less than the failover took.
  ///
  /// Looking after a log takes what has become too old, at most 16 entries at a time, and puts off the day on which an idle
  /// log goes as a whole. It is due when the oldest entry becomes too old, and ten times in an entry's life.
  static let logPrelude = """
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)

    local function text(number)
      return string.format('%.0f', number)
    end

    local function look_after(log, tail, age, idle)
      local oldest = redis.call('XRANGE', log, '-', '+', 'COUNT', 16)
      local due = now
      for index, entry in ipairs(oldest) do
        local ends = tonumber(entry[2][8]) + age
        if ends > now or index == #oldest then
          if index > 1 then
            redis.call('XTRIM', log, 'MINID', '=', entry[1])
          end
          due = ends
          break
        end
      end
      redis.call('HSET', tail, 'due', text(math.min(due, now + age / 10)))
      redis.call('PEXPIRE', log, text(age * 1.1))
      if idle > 0 then
        redis.call('PEXPIRE', tail, text(math.max(idle, age) + age))
      end
    end

    -- Returns {'appended', position, predecessor or '', time}.
    local function log_entry(log, tail, sender, name, content, producer, counter, capacity, age, idle)
      local store = string.match(redis.call('INFO', 'replication'), 'master_replid:(%w+)') or ''
      local last = redis.call('HMGET', tail, 'position', 'store', 'due')
      local previous = last[1] or ''
      local epoch, seq = string.match(previous, '^(%d+)-(%d+)$')
      local stamp = text(now)
      local position
      if epoch and last[2] == store then
        position = epoch .. '-' .. text(seq + 1)
      else
        position = text(math.max(now, (epoch or 0) + 1)) .. '-1'
      end
      redis.call('XADD', log, 'MAXLEN', '~', capacity, position,
        's', sender, 'n', name, 'c', content, 't', stamp, 'v', previous, 'p', producer, 'k', counter)
      local fields = {'position', position, 'at', stamp}
      if tail ~= '\(StoreKey.tail(.lobby))' then
        fields[5], fields[6] = 'u' .. sender, position
      end
      if last[2] ~= store then
        fields[#fields + 1], fields[#fields + 2] = 'store', store
        if previous ~= '' then
          local ends = {}
          for place in string.gmatch(redis.call('HGET', tail, 'ends') or '', '%S+') do
            ends[#ends + 1] = place
          end
          ends[#ends + 1] = previous
          fields[#fields + 1] = 'ends'
          fields[#fields + 1] = table.concat(ends, ' ', math.max(1, #ends - \(LogEnd.rememberedEpochs - 1)))
        end
      end
      redis.call('HSET', tail, unpack(fields))
      if now >= tonumber(last[3] or 0) then
        look_after(log, tail, tonumber(age), tonumber(idle))
      end
      return {'appended', position, previous, stamp}
    end

    -- Where the user joined, or nil; and whether the user is muted.
    local function joined(members, user)
      local line = redis.call('ZRANGEBYSCORE', members, user, user)[1]
      if not line then
        return nil, false
      end
      local since, muted = string.match(line, '^%S+ (%S+)(.*)$')
      return since, muted ~= ''
    end

    """
}
