import CIMCore
import Redis

extension RedisScript {
  /// A Lua function for the beginning of scripts that let sessions in: `rivals` finds the sessions beside which one of
  /// `device` can't stand. The servers that are known to be dead are the arguments from `firstDead` on.
  static let sessionPrelude = """
    local function rivals(sessions, device, kind, policy, firstDead)
      local found = {}
      if policy == 'all' then
        return found
      end
      local dead = {}
      for index = firstDead, #ARGV do
        dead[ARGV[index]] = true
      end
      local stored = redis.call('HGETALL', sessions)
      for index = 1, #stored, 2 do
        local other, session = stored[index], stored[index + 1]
        local epoch, generation, instance, its = string.match(session, '^(%d+) (%d+) (%S+) ?(%S*)$')
        if other ~= device and not dead[instance] and (policy ~= 'one-per-kind' or its == kind) then
          found[#found + 1] = {device = other, session = session, epoch = tonumber(epoch),
            generation = tonumber(generation)}
        end
      end
      return found
    end
    local function put(answer, rival)
      answer[#answer + 1] = rival.device
      answer[#answer + 1] = rival.session
    end

    """
}

extension Admission {
  /// The last arguments of a script that lets sessions in: the policy, and the dead servers.
  var arguments: [String] { [policy.rawValue] + dead.map(\.description) }
}
