import Redis

extension RedisScript {
  /// A Lua function for the beginning of scripts that compare positions.
  ///
  /// Numbers are compared as the decimal texts they are: they may have more digits than Lua's numbers can tell apart.
  static let positionPrelude = """
    local function less(one, other)
      if #one ~= #other then
        return #one < #other
      end
      return one < other
    end

    -- Whether a position comes after one that is stored, or nothing that is a position is.
    local function is_ahead(position, stored)
      local stored_epoch, stored_seq = string.match(stored or '', '^(%d+)-(%d+)$')
      if not stored_epoch then
        return true
      end
      local epoch, seq = string.match(position, '^(%d+)-(%d+)$')
      if epoch ~= stored_epoch then
        return less(stored_epoch, epoch)
      end
      return less(stored_seq, seq)
    end

    """
}
