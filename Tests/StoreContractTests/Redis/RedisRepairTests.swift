import CIMCore
import CIMRedis
import NIOCore
import Redis
import TestSupport
import Testing

@Suite("Redis stores after a crash between two steps")
struct RedisRepairTests {
  @Test("A registration that stopped after the name was claimed is completed by the next one")
  func halfRegistered() async throws {
    try await RedisServer().withClient { redis in
      let accounts = Stores.redis(redis).accounts
      let (ada, _) = try await accounts.register(UserName("ada"))
      _ = try await redis.send(RedisCommand("DEL", "{u:\(ada.id)}:account"))
      let again = try await accounts.register(UserName("ada"))
      #expect(again.account == ada)
      #expect(!again.created)
      #expect(try await accounts.account(ada.id) == ada)
    }
  }

  @Test("A line of the online index without its session makes nobody a ghost, and is swept by who reads it")
  func ghosts() async throws {
    try await RedisServer().withClient { redis in
      let sessions = Stores.redis(redis).sessions
      let session = try await sessions.open(user: UserID(5), device: .phone, on: .one, loginGeneration: 1)
        .session
      for number in 1...200 {
        _ = try await redis.send(
          RedisCommand(
            "ZADD", "{s:server-1#a}:online", number, "\(number)/phone/\(session.epoch.rawValue - 1)"))
      }
      #expect(try await sessions.onlineUsers(on: [.one], after: nil, limit: 1) == [UserID(5)])
      #expect(try await sessions.onlineUsers(on: [.one], after: nil, limit: 10) == [UserID(5)])
      #expect(try await redis.send(RedisCommand("ZCARD", "{s:server-1#a}:online")).asInteger() == 1)
    }
  }

  @Test(
    "A session that is opened right after one was closed has a greater epoch, also by a clock that was set back"
  )
  func epochsAfterClose() async throws {
    try await RedisServer().withClient { redis in
      let sessions = Stores.redis(redis).sessions
      var last: SessionEpoch?
      for _ in 1...20 {
        let session = try await sessions.open(user: UserID(1), device: .phone, on: .one, loginGeneration: 1)
          .session
        if let last { #expect(session.epoch > last) }
        last = session.epoch
        #expect(try await sessions.close(user: UserID(1), device: .phone, epoch: session.epoch))
      }
      let future = Timestamp.now().milliseconds + 3_600_000
      _ = try await redis.send(RedisCommand("HSET", "{u:1}:session-epochs", ":last", future))
      let session = try await sessions.open(user: UserID(1), device: .phone, on: .one, loginGeneration: 1)
        .session
      #expect(session.epoch == SessionEpoch(future + 1))
    }
  }

  @Test("Nothing that is only remembered for a time stays for ever")
  func expiry() async throws {
    try await RedisServer().withClient { redis in
      let log = Stores.redis(redis).log
      _ = try await log.append(.saying("hello", .producer(.outbox, counter: 1)))
      _ = try await log.append(.saying("hello", .key(IdempotencyKey("k"))))
      let week = try await redis.send(RedisCommand("TTL", "{c:lobby}:producer:outbox-1")).asInteger(Int.self)
      let day = try await redis.send(RedisCommand("TTL", "{c:lobby}:key:1:k")).asInteger(Int.self)
      #expect((604_790...604_800).contains(week))
      #expect((86_390...86_400).contains(day))
      for counter in 2...200 as ClosedRange<UInt64> {
        _ = try await log.append(.saying("hello", .producer(.outbox, counter: counter)))
      }
      // Its owner, its last counter, and 64 answers.
      #expect(
        try await redis.send(RedisCommand("HLEN", "{c:lobby}:producer:outbox-1")).asInteger() == 66)
    }
  }

  @Test("More is looked up at once than the connection lets wait, some at a time")
  func chunks() async throws {
    try await RedisServer().withClient(maximumPendingCommands: 1_500) { redis in
      let stores = Stores.redis(redis)
      let users = (1...5_000).map { UserID($0) }
      let conversations = users.map { Conversation.direct(between: UserID(1), and: $0) }
      _ = try await stores.log.append(.saying("hello", in: conversations[4_000]))
      #expect(try await stores.log.tails(of: conversations).keys.first == conversations[4_000])
      _ = try await stores.log.markDirty(.adaAndBob, for: users)
      #expect(try await stores.log.dirtyMarks(of: users, olderThan: 0, limit: 1).count == 5_000)
      #expect(try await stores.sessions.sessions(of: users).isEmpty)
      #expect(try await stores.accounts.accounts(users).isEmpty)
      let devices = users.map { UserDevice(user: $0, device: .phone) }
      try await stores.cursors.advance(devices.map { CursorAdvance($0, to: [.lobby: .beginning]) })
      #expect(try await stores.cursors.cursors(of: devices).values.allSatisfy { $0.device.count == 1 })
    }
  }

  @Test("A server with a session is known, though it was forgotten while that was being opened")
  func forgottenWhileOpening() async throws {
    try await RedisServer().withClient { redis in
      let sessions = Stores.redis(redis).sessions
      _ = try await concurrently(40) { index in
        if index.isMultiple(of: 2) {
          _ = try await sessions.open(
            user: UserID(UInt64(index) + 1), device: .phone, on: .one, loginGeneration: 1)
        } else {
          _ = try await sessions.forget(.one)
        }
      }
      #expect(try await sessions.knownInstances() == [.one])
    }
  }

  @Test("A session that is stated again while its old line is being removed stays listed")
  func restatedWhileUnlisted() async throws {
    try await RedisServer().withClient { redis in
      let sessions = Stores.redis(redis).sessions
      for _ in 1...50 {
        let session = try await sessions.open(user: UserID(1), device: .phone, on: .one, loginGeneration: 1)
          .session
        // The record is gone, the line is not.
        _ = try await redis.send(RedisCommand("HDEL", "{u:1}:sessions", "phone"))
        async let restated = sessions.restate(session)
        async let listed = sessions.onlineUsers(on: [.one], after: nil, limit: 10)
        async let swept: SessionSweep? = Bool.random() ? sessions.sweep(.one, limit: 10) : nil
        #expect(try await restated == .stands)
        _ = try await (listed, swept)
        let stored = try await sessions.sessions(of: [UserID(1)])[UserID(1)]
        let online = try await sessions.onlineUsers(on: [.one], after: nil, limit: 10)
        #expect(online == (stored == nil ? [] : [UserID(1)]))
      }
    }
  }

  @Test("What belongs to who is never seen again goes in time; what a group is made of stays")
  func idle() async throws {
    try await RedisServer().withClient { redis in
      let stores = Stores.redis(redis)
      let phone = UserDevice(user: Account.ada.id, device: .phone)
      _ = try await stores.logins.create(user: phone.user, device: .phone)
      try await stores.cursors.advance([CursorAdvance(phone, to: [.lobby: .beginning])])
      _ = try await stores.cursors.begin(
        UserDevice(user: phone.user, device: .laptop), in: .lobby, at: .beginning)
      _ = try await stores.log.markDirty(.adaAndBob, for: [phone.user])
      _ = try await stores.log.append(.saying("hello", in: .adaAndBob))
      _ = try await stores.groups.create(GroupID("friends"), owner: .ada, content: .init())
      func days(_ key: String) async throws -> Int {
        try await redis.send(RedisCommand("TTL", key)).asInteger(Int.self) / 86_400
      }
      for key in [
        "{u:1}:logins", "{u:1}:cursors", "{u:1}:cursors:phone", "{u:1}:cursors:laptop", "{u:1}:dirty",
      ] {
        #expect((89...90).contains(try await days(key)), "\(key)")
      }
      #expect((32...33).contains(try await days("{c:p:1:2}:log")))
      #expect((119...120).contains(try await days("{c:p:1:2}:tail")))
      for key in ["{c:g:friends}:tail", "{c:g:friends}:members", "{u:1}:groups"] {
        #expect(try await redis.send(RedisCommand("TTL", key)).asInteger() == -1, "\(key)")
      }
    }
  }

  @Test("A log whose entries are all too old goes a few at a time")
  func boundedWork() async throws {
    var limits = MessageLogLimits.defaults
    limits.entryMilliseconds = 1_000
    try await RedisServer().withClient { redis in
      let log = Stores.redis(redis, limits: limits).log
      for number in 1...100 { _ = try await log.append(.saying("\(number)")) }
      // A log that went as a whole is what this is not about.
      _ = try await redis.send(RedisCommand("PERSIST", "{c:lobby}:log"))
      // Redis's own clock is what makes entries old: nothing but time does.
      try await Task.sleep(for: .milliseconds(1_000))
      var length = try await redis.send(RedisCommand("XLEN", "{c:lobby}:log")).asInteger(Int.self)
      while length > 16 {
        _ = try await log.append(.saying("new"))
        let shorter = try await redis.send(RedisCommand("XLEN", "{c:lobby}:log")).asInteger(Int.self)
        #expect((1...15).contains(length + 1 - shorter))
        length = shorter
        _ = try await redis.send(RedisCommand("PERSIST", "{c:lobby}:log"))
      }
    }
  }
}
