import CIMCore
import CIMRedis
import Redis
import TestSupport
import Testing

@Suite("Redis stores under faults")
struct RedisStoreFaultTests {
  @Test("While Redis is away the stores are unavailable, and afterwards everything goes on where it was")
  func restart() async throws {
    let server = try await RedisServer(appendOnly: true)
    try await server.withClient(connectionWait: .milliseconds(200)) { redis in
      try await eventually("Redis is connected") { redis.isReady }
      let stores = Stores.redis(redis)
      let (ada, _) = try await stores.accounts.register(UserName("ada"))
      let first = try #require(
        try await stores.log.append(.saying("1", by: ada, .producer(.outbox, counter: 1))).entry)
      let later = DelayedMessage.saying("later", by: ada)
      _ = try await stores.delayed.schedule(later, for: .at(.epoch))

      try await server.kill()
      for attempt: () async throws -> Void in [
        { try await stores.log.ping() },
        { _ = try await stores.log.append(.saying("2", by: ada, .producer(.outbox, counter: 2))) },
        { _ = try await stores.accounts.account(ada.id) },
        { _ = try await stores.log.markDirty(.lobby, for: [ada.id]) },
        { _ = try await stores.delayed.take(limit: 100) },
        { _ = try await stores.delayed.cancel(later.id, of: ada.id) },
      ] {
        let error = await #expect(throws: StoreError.self) { try await attempt() }
        #expect(error?.code == .unavailable)
      }

      try await server.start()
      try await eventually("Redis is back") { redis.isReady }
      #expect(try await stores.accounts.account(ada.id) == ada)
      #expect(try await stores.delayed.takeOne()?.message == later)
      #expect(
        try await stores.log.append(.saying("1", by: ada, .producer(.outbox, counter: 1)))
          == .accepted(first, duplicate: true, isReplicated: false))
      let second = try await stores.log.append(.saying("2", by: ada, .producer(.outbox, counter: 2)))
      #expect(second.entry?.previous == first.position)
      // Redis may have lost what came after it: a new epoch.
      let position = try #require(second.entry?.position)
      #expect(position.epoch > first.position.epoch)
      #expect(position.seq == 1)
    }
  }

  @Test("Scripts that Redis forgot are loaded again by themselves")
  func scriptFlush() async throws {
    try await RedisServer().withClient { redis in
      let stores = Stores.redis(redis)
      for round in 1...3 as ClosedRange<UInt64> {
        #expect(try await stores.log.append(.saying("\(round)")).entry?.position.seq == round)
        _ = try await stores.log.markDirty(.lobby, for: (1...10).map { UserID($0) })
        _ = try await redis.send(RedisCommand("SCRIPT", "FLUSH"))
      }
    }
  }

  @Test("A full Redis is unavailable for writing, and says what to do")
  func outOfMemory() async throws {
    try await RedisServer(options: ["maxmemory": "1"]).withClient { redis in
      let stores = Stores.redis(redis)
      let error = await #expect(throws: StoreError.self) { try await stores.log.append(.saying("hello")) }
      #expect(error?.code == .unavailable)
      #expect(error?.description.contains("raise maxmemory") == true)
      let tail = try await stores.log.tail(of: .lobby)
      #expect(tail == nil)
    }
  }

  @Test("A replica is unavailable for writing")
  func readOnly() async throws {
    let master = try await RedisServer()
    try await RedisServer().withClient { redis in
      _ = try await redis.send(RedisCommand("REPLICAOF", "127.0.0.1", master.port))
      let error = await #expect(throws: StoreError.self) {
        try await Stores.redis(redis).accounts.register(UserName("ada"))
      }
      #expect(error?.code == .unavailable)
    }
    try await master.stop()
  }

  @Test("What somebody else wrote under our keys is corruption, not a crash")
  func foreignData() async throws {
    try await RedisServer().withClient { redis in
      let stores = Stores.redis(redis)
      _ = await redis.send([
        RedisCommand("SET", "{u:1}:account", "x"), RedisCommand("SET", "{n:ada}", "x"),
        RedisCommand("HSET", "{u:1}:sessions", "phone", "nonsense"),
        RedisCommand("XADD", "{c:lobby}:log", "1-1", "field", "value"),
        RedisCommand("SET", "{c:g:friends}:tail", "nonsense"),
        RedisCommand("ZADD", "{d:1}:of:1", 1, "a"), RedisCommand("HSET", "{d:1}:messages", "a", "nonsense"),
      ])
      for attempt: () async throws -> Void in [
        { _ = try await stores.accounts.account(UserID(1)) },
        { _ = try await stores.accounts.account(named: UserName("ada")) },
        { _ = try await stores.sessions.sessions(of: [UserID(1)]) },
        { _ = try await stores.log.read(.lobby, before: nil, limit: 1) },
        { _ = try await stores.log.tail(of: .friends) },
        { _ = try await stores.delayed.scheduled(of: .ada) },
      ] {
        let error = await #expect(throws: StoreError.self) { try await attempt() }
        #expect(error?.code == .corrupted)
      }
    }
  }

  @Test("A cancelled call says so")
  func cancelled() async throws {
    try await RedisServer().withClient { redis in
      let stores = Stores.redis(redis)
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await stores.log.ping()
      }
      let error = await #expect(throws: StoreError.self) { try await task.value }
      #expect(error?.code == .cancelled)
    }
  }
}
