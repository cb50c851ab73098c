import CIMCore
import NIOCore
import Redis

/// Delayed messages in Redis, in a fixed number of shards by their sender: each step touches one shard, which is one slot of a
/// cluster, and finding what is due asks each shard once.
public struct RedisDelayedStore: DelayedStore {
  private let redis: RedisClient
  private let limits: DelayedLimits

  /// Uses that connection.
  ///
  /// - Parameter limits: How many are kept, and for how long.
  public init(_ redis: RedisClient, limits: DelayedLimits = .defaults) {
    self.redis = redis
    self.limits = limits
  }

  public func schedule(
    _ message: DelayedMessage, for time: DelayedTime, under key: IdempotencyKey?
  ) async throws(StoreError) -> ScheduleOutcome {
    let user = message.sender.id
    let shard = DelayedShard(of: user)
    var keys = [shard.due, shard.messages, shard.own(user)]
    if let key { keys.append(shard.idempotencyKey(key, sender: user)) }
    let (moment, delay) =
      switch time {
      case .at(let moment): ("\(moment.milliseconds)", "")
      case .after(let milliseconds): ("", "\(milliseconds)")
      }
    let call = RedisScript.scheduleDelayed.call(
      keys: keys, message.id.rawValue, message.redisValue, moment, delay, limits.aheadMilliseconds,
      limits.perUser, limits.keyMilliseconds)
    do throws(RedisError) {
      let reply = try await redis.run(call).asArray()
      switch (try reply.first?.asString(), reply.count) {
      case ("scheduled", 3), ("known", 3):
        return .scheduled(
          try reply[2].asDelayedID(), due: try reply[1].asTimestamp(),
          duplicate: try reply[0].asString() == "known")
      case ("far", 2): return .tooFar(latest: try reply[1].asTimestamp())
      case ("many", 1): return .tooMany(limit: limits.perUser)
      default: throw RedisError(.unexpectedReply, "expected an answer of the schedule script")
      }
    } catch {
      throw StoreError(error)
    }
  }

  public func scheduled(
    of user: UserID, after place: ScheduledPlace?, limit: Int
  ) async throws(StoreError) -> [ScheduledMessage] {
    let shard = DelayedShard(of: user)
    do throws(RedisError) {
      // A user has few enough that all their ids are read, and only a page of what they say.
      let ids = try await redis.send(RedisCommand("ZRANGE", shard.own(user), 0, -1, "WITHSCORES")).asPairs()
        .map { id, due throws(RedisError) in
          ScheduledPlace(due: try due.asTimestamp(), id: try id.asDelayedID())
        }
      var rest = ids.filter { id in place.map { id > $0 } ?? true }[...]
      var page: [ScheduledMessage] = []
      // Some may be gone by now: others take their places.
      while page.count < limit, !rest.isEmpty {
        let chunk = rest.prefix(limit - page.count)
        rest = rest.dropFirst(chunk.count)
        page += try await read(chunk.map(\.id), in: shard)
      }
      return page
    } catch {
      throw StoreError(error)
    }
  }

  private func read(_ ids: [DelayedID], in shard: DelayedShard) async throws(RedisError) -> [ScheduledMessage]
  {
    var messages = RedisCommand("HMGET", shard.messages)
    var states = RedisCommand("HMGET", shard.states)
    messages.append(contentsOf: ids.map(\.rawValue))
    states.append(contentsOf: ids.map(\.rawValue))
    // The states first: a message is not taken for waiting that was taken when it was read.
    let replies = await redis.send([states, messages])
    let (foundStates, foundMessages) = (try replies[0].get().asArray(), try replies[1].get().asArray())
    var scheduled: [ScheduledMessage] = []
    for (id, (state, message)) in zip(ids, zip(foundStates, foundMessages)) {
      guard let message = message.ifPresent else { continue }
      let (due, parsed) = try message.asDelayedMessage(id)
      scheduled.append(ScheduledMessage(parsed, due: due, state: try state.asScheduledState()))
    }
    return scheduled
  }

  public func cancel(_ id: DelayedID, of user: UserID) async throws(StoreError) -> DelayedCancellation {
    let shard = DelayedShard(of: user)
    let call = RedisScript.cancelDelayed.call(
      keys: [shard.due, shard.messages, shard.states, shard.own(user)], id.rawValue)
    do throws(RedisError) {
      switch try await redis.run(call).asString() {
      case "cancelled": return .cancelled
      case "late": return .tooLate
      case "unknown": return .unknown
      case let other:
        throw RedisError(.unexpectedReply, "expected an answer of the cancel script, got \(other)")
      }
    } catch {
      throw StoreError(error)
    }
  }

  public func take(limit: Int) async throws(StoreError) -> [TakenMessage] {
    let perShard = (limit + DelayedShard.count - 1) / DelayedShard.count
    let replies = await redis.runInChunks(
      DelayedShard.all.map { shard in
        RedisScript.takeDelayed.call(
          keys: [shard.due, shard.messages, shard.states], perShard, limits.leaseMilliseconds,
          limits.uncertainMilliseconds)
      })
    var taken: [TakenMessage] = []
    var forgotten: [DelayedMessage] = []
    do throws(RedisError) {
      for reply in replies {
        for item in try reply.get().asArray() {
          let parts = try item.asArray()
          guard parts.count == 4 else { throw RedisError(.unexpectedReply, "expected a taken message") }
          let (due, message) = try parts[1].asDelayedMessage(try parts[0].asDelayedID())
          let attempt = try parts[2].asInteger(UInt64.self)
          if attempt == 0 {
            forgotten.append(message)
          } else {
            taken.append(
              TakenMessage(message, due: due, attempt: attempt, isUncertain: try parts[3].asInteger() == 1))
          }
        }
      }
      try await conclude(forgotten)
    } catch {
      // What was taken goes to others when its lease is over.
      throw StoreError(error)
    }
    return taken.sorted { ($0.due, $0.message.id) < ($1.due, $1.message.id) }
  }

  public func giveBack(_ messages: [TakenMessage]) async throws(StoreError) {
    try await release(messages, isUnsent: true, pause: 0)
  }

  public func postpone(_ messages: [TakenMessage], milliseconds: UInt64) async throws(StoreError) {
    try await release(messages, isUnsent: false, pause: milliseconds)
  }

  private func release(
    _ messages: [TakenMessage], isUnsent: Bool, pause: UInt64
  ) async throws(StoreError) {
    let replies = await redis.runInChunks(
      messages.map { taken in
        let shard = DelayedShard(of: taken.message.sender.id)
        return RedisScript.releaseDelayed.call(
          keys: [shard.due, shard.states], taken.message.id.rawValue, taken.attempt, isUnsent ? 1 : 0, pause)
      })
    do throws(RedisError) {
      for reply in replies { _ = try reply.get() }
    } catch {
      throw StoreError(error)
    }
  }

  public func conclude(_ message: DelayedMessage, _ end: DelayedEnd) async throws(StoreError) {
    do throws(RedisError) {
      switch end {
      case .sent: try await conclude([message])
      case .failed(let failure): try await conclude([message], failure)
      }
    } catch {
      throw StoreError(error)
    }
  }

  private func conclude(
    _ messages: [DelayedMessage], _ failure: DelayedFailure? = nil
  ) async throws(RedisError) {
    guard !messages.isEmpty else { return }
    let replies = await redis.runInChunks(
      messages.map { message in
        let shard = DelayedShard(of: message.sender.id)
        return RedisScript.concludeDelayed.call(
          keys: [shard.due, shard.messages, shard.states, shard.own(message.sender.id)],
          message.id.rawValue, failure?.reason.rawValue ?? "", failure?.detail ?? "",
          limits.failedMilliseconds)
      })
    for reply in replies { _ = try reply.get() }
  }

  public func ping() async throws(StoreError) { try await redis.storePing() }
}
