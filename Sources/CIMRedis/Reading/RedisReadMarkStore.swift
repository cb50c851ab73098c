import CIMCore
import Redis

/// Read marks in Redis: a hash for each user.
public struct RedisReadMarkStore: ReadMarkStore {
  private let redis: RedisClient
  private let idleMilliseconds: UInt64

  /// Uses that connection.
  ///
  /// - Parameter limits: How long marks are kept that do not move.
  public init(_ redis: RedisClient, limits: MessageLogLimits = .defaults) {
    self.redis = redis
    idleMilliseconds = limits.idleMilliseconds
  }

  public func advance(
    _ marks: [UserID: [Conversation: LogPosition]]
  ) async throws(StoreError) -> [MarkMove] {
    let each = Array(marks)
    let replies = await redis.runInChunks(
      each.map { user, places in
        RedisScript.advanceCursors.call(
          keys: [StoreKey.reads(user)],
          listing: ["\(idleMilliseconds)"] + places.flatMap { [$0.key.description, $0.value.description] })
      })
    do {
      var moves: [MarkMove] = []
      for ((user, places), reply) in zip(each, replies) {
        moves += try reply.get().asMoves(of: user, to: places)
      }
      return moves
    } catch {
      throw StoreError(error)
    }
  }

  public func marks(of users: [UserID]) async throws(StoreError) -> [UserID: [Conversation: LogPosition]] {
    let replies = await redis.sendInChunks(users.map { RedisCommand("HGETALL", StoreKey.reads($0)) })
    do {
      var found: [UserID: [Conversation: LogPosition]] = [:]
      for (user, reply) in zip(users, replies) {
        var marks: [Conversation: LogPosition] = [:]
        for (conversation, position) in try reply.get().asPairs() {
          marks[try conversation.asConversation()] = try position.asLogPosition()
        }
        if !marks.isEmpty { found[user] = marks }
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }

  public func marks(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition] {
    let replies = await redis.sendInChunks(
      users.map { RedisCommand("HGET", StoreKey.reads($0), conversation.description) })
    do {
      var found: [UserID: LogPosition] = [:]
      for (user, reply) in zip(users, replies) {
        found[user] = try reply.get().ifPresent?.asLogPosition()
      }
      return found
    } catch {
      throw StoreError(error)
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }
}
