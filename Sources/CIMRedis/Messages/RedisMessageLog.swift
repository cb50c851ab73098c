import CIMCore
import Redis

/// Messages in Redis: a stream per conversation, whose ids are the positions, and a sorted set of marks per user.
public struct RedisMessageLog: MessageLog {
  let redis: RedisClient
  let limits: MessageLogLimits
  private let replicated: ReplicatedAppends?

  /// Uses that connection.
  ///
  /// - Parameters:
  ///   - limits: How much is remembered. Streams are trimmed in strides: some more than `entriesPerConversation` may stay.
  ///   - replication: How to wait for replicas. Without it nothing is waited for, and nothing called replicated.
  public init(
    _ redis: RedisClient, limits: MessageLogLimits = .defaults, replication: RedisReplication? = nil
  ) {
    self.redis = redis
    self.limits = limits
    replicated = replication.map(ReplicatedAppends.init)
  }

  public func append(_ append: Append) async throws(StoreError) -> AppendOutcome {
    if case .producer(_, counter: 0) = append.idempotency { return .refused(.zeroCounter) }
    do {
      guard append.wantsReplication, let replicated else {
        return try AppendOutcome(try await redis.run(call(for: append)), to: append, isReplicated: false)
      }
      let (reply, isReplicated) = await replicated.run(call(for: append))
      return try AppendOutcome(try reply.get(), to: append, isReplicated: isReplicated)
    } catch {
      throw StoreError(error)
    }
  }

  public func tails(of conversations: [Conversation]) async throws(StoreError) -> [Conversation: LogPosition]
  {
    let replies = await redis.sendInChunks(
      conversations.map { RedisCommand("HGET", StoreKey.tail($0), "position") })
    do {
      var tails: [Conversation: LogPosition] = [:]
      for (conversation, reply) in zip(conversations, replies) {
        tails[conversation] = try reply.get().ifPresent?.asLogPosition()
      }
      return tails
    } catch {
      throw StoreError(error)
    }
  }

  public func ends(
    of conversations: [Conversation: Set<UserID>]
  ) async throws(StoreError) -> [Conversation: LogEnd] {
    let asked = conversations.map { ($0.key, Array($0.value)) }
    let replies = await redis.sendInChunks(
      asked.map { conversation, users in
        var command = RedisCommand("HMGET", StoreKey.tail(conversation), "position", "at", "ends")
        command.append(contentsOf: users.map { "u\($0)" })
        return command
      })
    do {
      var ends: [Conversation: LogEnd] = [:]
      for ((conversation, users), reply) in zip(asked, replies) {
        ends[conversation] = try reply.get().asLogEnd(with: users)
      }
      return ends
    } catch {
      throw StoreError(error)
    }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }

  private func call(for append: Append) -> RedisScript.Call {
    let conversation = append.conversation
    var keys = [StoreKey.log(conversation), StoreKey.tail(conversation)]
    var blocked = ""
    if case .direct(let pair) = conversation {
      keys.append(StoreKey.blockers(pair))
      blocked = Refusal.blocked.reason.rawValue
    } else {
      keys.append(StoreKey.members(conversation))
    }
    var producer = ""
    var counter = ""
    var lifetime: UInt64 = 0
    switch append.idempotency {
    case .none:
      break
    case .producer(let id, counter: let number):
      keys.append(StoreKey.producer(id, conversation))
      producer = id.rawValue
      counter = "\(number)"
      lifetime = limits.producerMilliseconds
    case .key(let key):
      keys.append(StoreKey.idempotencyKey(key, sender: append.sender.id, conversation))
      lifetime = limits.keyMilliseconds
    }
    let outsider = conversation.hasMembers ? Refusal.notAMember : nil
    let leaseEnd = append.markedAt.map { "\($0.milliseconds + limits.markLeaseMilliseconds)" }
    return RedisScript.append.call(
      keys: keys, append.sender.id.rawValue, append.sender.name.rawValue, append.content, producer, counter,
      append.refusal?.reason.rawValue ?? "", append.refusal?.detail ?? "",
      outsider?.reason.rawValue ?? "", outsider?.detail ?? "", leaseEnd ?? "",
      lifetime, limits.answersPerProducer, limits.entriesPerConversation, limits.entryMilliseconds,
      conversation.hasMembers ? 0 : limits.idleMilliseconds,
      blocked, Refusal.blocked.detail, Refusal.blocking.detail)
  }
}

extension Conversation {
  /// Whether only members may append.
  var hasMembers: Bool {
    if case .group = self { true } else { false }
  }
}
