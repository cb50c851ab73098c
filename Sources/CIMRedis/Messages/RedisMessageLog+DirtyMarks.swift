import CIMCore
import Redis

extension RedisMessageLog {
  public func markDirty(
    _ conversation: Conversation, for users: [UserID]
  ) async throws(StoreError) -> Timestamp? {
    let marks = await redis.runInChunks(
      users.map {
        RedisScript.markDirty.call(
          keys: [StoreKey.dirty($0)], conversation.description,
          max(limits.idleMilliseconds, limits.entryMilliseconds))
      })
    do {
      var earliest: Timestamp?
      for mark in marks {
        let mark = try mark.get().asTimestamp()
        earliest = min(earliest ?? mark, mark)
      }
      return earliest
    } catch {
      throw StoreError(error)
    }
  }

  public func dirtyMarks(
    of users: [UserID], olderThan: UInt64, limit: Int
  ) async throws(StoreError) -> [UserID: [DirtyMark]] {
    // The time is asked for first: a mark is not taken for older than it was when it was read.
    let replies = await redis.sendInChunks(
      [RedisCommand("TIME")]
        + users.map { RedisCommand("ZRANGE", StoreKey.dirty($0), 0, limit - 1, "WITHSCORES") })
    do {
      let now = try replies[0].get().asServerTime()
      var found: [UserID: [DirtyMark]] = [:]
      for (user, reply) in zip(users, replies.dropFirst()) {
        var marks: [DirtyMark] = []
        for (conversation, time) in try reply.get().asPairs() {
          let markedAt = try time.asTimestamp()
          guard markedAt.isAtLeast(olderThan, before: now) else { break }
          marks.append(
            DirtyMark(
              conversation: try conversation.asConversation(), markedAt: markedAt,
              isPastLease: leaseEnd(of: markedAt) <= now.milliseconds))
        }
        if !marks.isEmpty { found[user] = marks }
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }

  public func clearDirty(_ marks: [UserID: [DirtyMark]]) async throws(StoreError) -> [UserID: [DirtyMark]] {
    let each = marks.flatMap { user, marks in marks.map { (user, $0) } }
    let replies = await redis.runInChunks(
      each.map { user, mark in
        RedisScript.clearDirty.call(
          keys: [StoreKey.dirty(user)], mark.conversation.description, mark.markedAt.milliseconds,
          leaseEnd(of: mark.markedAt))
      })
    do {
      var removed: [UserID: [DirtyMark]] = [:]
      for ((user, mark), reply) in zip(each, replies) where try reply.get().asInteger() == 1 {
        removed[user, default: []].append(mark)
      }
      return removed
    } catch {
      throw StoreError(error)
    }
  }

  /// When a mark's lease is over by any clock of the store.
  private func leaseEnd(of markedAt: Timestamp) -> UInt64 {
    markedAt.milliseconds + limits.markLeaseMilliseconds + limits.clockToleranceMilliseconds
  }
}

extension RedisValue {
  /// Reads the answer to `TIME`: seconds and microseconds.
  fileprivate func asServerTime() throws(RedisError) -> Timestamp {
    let parts = try asArray()
    guard parts.count == 2 else { throw RedisError(.unexpectedReply, "expected a time") }
    return Timestamp(
      milliseconds: try parts[0].asInteger(UInt64.self) * 1000 + parts[1].asInteger(UInt64.self) / 1000)
  }
}
