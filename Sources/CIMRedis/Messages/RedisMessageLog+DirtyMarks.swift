import CIMCore
import Redis

extension RedisMessageLog {
  public func markDirty(_ conversation: Conversation, for users: [UserID]) async throws(StoreError) {
    let marks = await redis.run(
      users.map { RedisScript.markDirty.call(keys: [StoreKey.dirty($0)], conversation.description) })
    do {
      for mark in marks { _ = try mark.get() }
    } catch {
      throw StoreError(error)
    }
  }

  public func dirtyMarks(of user: UserID, limit: Int) async throws(StoreError) -> [DirtyMark] {
    do {
      let marks = try await redis.send(
        RedisCommand("ZRANGE", StoreKey.dirty(user), 0, limit - 1, "WITHSCORES")
      ).asPairs()
      var result: [DirtyMark] = []
      for (conversation, time) in marks {
        result.append(
          DirtyMark(conversation: try conversation.asConversation(), markedAt: try time.asTimestamp()))
      }
      return result
    } catch {
      throw StoreError(error)
    }
  }

  public func clearDirty(_ mark: DirtyMark, of user: UserID) async throws(StoreError) -> Bool {
    do {
      let removed = try await redis.run(
        RedisScript.clearDirty.call(
          keys: [StoreKey.dirty(user)], mark.conversation.description, mark.markedAt.milliseconds))
      return try removed.asInteger() == 1
    } catch {
      throw StoreError(error)
    }
  }
}
