import CIMCore
import Redis

/// Cursors in Redis: a hash for each user, and one for each device.
public struct RedisCursorStore: CursorStore {
  private let redis: RedisClient
  private let idleMilliseconds: UInt64

  /// Uses that connection.
  ///
  /// - Parameter limits: How long cursors are kept that do not move.
  public init(_ redis: RedisClient, limits: MessageLogLimits = .defaults) {
    self.redis = redis
    idleMilliseconds = limits.idleMilliseconds
  }

  public func cursors(
    of devices: [UserDevice], in conversations: [UserDevice: Set<Conversation>]
  ) async throws(StoreError) -> [UserDevice: DeviceCursors] {
    let wanted = devices.map { conversations[$0].map(Array.init) }
    let replies = await redis.sendInChunks(
      zip(devices, wanted).flatMap { device, wanted in
        [query(StoreKey.cursors(device), wanted), query(StoreKey.cursors(device.user), wanted)]
      })
    do {
      var cursors: [UserDevice: DeviceCursors] = [:]
      for (index, device) in devices.enumerated() {
        cursors[device] = DeviceCursors(
          device: try replies[2 * index].get().asCursors(in: wanted[index]),
          user: try replies[2 * index + 1].get().asCursors(in: wanted[index]))
      }
      return cursors
    } catch {
      throw StoreError(error)
    }
  }

  /// Asks for the cursors of some conversations, or of all.
  private func query(_ key: String, _ conversations: [Conversation]?) -> RedisCommand {
    // Redis takes no HMGET without a field; a conversation with this name there is not.
    guard let conversations else { return RedisCommand("HGETALL", key) }
    var command = RedisCommand("HMGET", key)
    command.append(contentsOf: conversations.isEmpty ? ["-"] : conversations.map(\.description))
    return command
  }

  public func cursor(
    of user: UserID, in conversation: Conversation
  ) async throws(StoreError) -> LogPosition? {
    do {
      return try await redis.send(RedisCommand("HGET", StoreKey.cursors(user), conversation.description))
        .ifPresent?.asLogPosition()
    } catch {
      throw StoreError(error)
    }
  }

  public func cursors(
    of users: [UserID], in conversation: Conversation
  ) async throws(StoreError) -> [UserID: LogPosition] {
    let replies = await redis.sendInChunks(
      users.map { RedisCommand("HGET", StoreKey.cursors($0), conversation.description) })
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

  public func advance(_ advances: [CursorAdvance]) async throws(StoreError) -> [MarkMove] {
    let replies = await redis.runInChunks(
      advances.map { advance in
        RedisScript.advanceCursors.call(
          keys: [StoreKey.cursors(advance.device), StoreKey.cursors(advance.device.user)],
          listing: ["\(idleMilliseconds)"]
            + advance.positions.flatMap { [$0.key.description, $0.value.description] })
      })
    do {
      var moves: [MarkMove] = []
      for (advance, reply) in zip(advances, replies) {
        moves += try reply.get().asMoves(of: advance.device.user, to: advance.positions)
      }
      return moves
    } catch {
      throw StoreError(error)
    }
  }

  public func begin(
    _ device: UserDevice, in conversation: Conversation, at position: LogPosition
  ) async throws(StoreError) -> LogPosition {
    do {
      return try await redis.run(
        RedisScript.beginCursors.call(
          keys: [StoreKey.cursors(device), StoreKey.cursors(device.user)],
          idleMilliseconds, conversation.description, position.description)
      ).asLogPosition()
    } catch {
      throw StoreError(error)
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }
}

extension RedisValue {
  /// Reads the answer to a query for the cursors of some conversations, or of all.
  fileprivate func asCursors(
    in conversations: [Conversation]?
  ) throws(RedisError) -> [Conversation: LogPosition] {
    var cursors: [Conversation: LogPosition] = [:]
    if let conversations {
      for (conversation, position) in zip(conversations, try asArray()) {
        cursors[conversation] = try position.ifPresent?.asLogPosition()
      }
    } else {
      for (conversation, position) in try asPairs() {
        cursors[try conversation.asConversation()] = try position.asLogPosition()
      }
    }
    return cursors
  }
}
