import CIMCore
import NIOCore
import Redis
import TestSupport
import Testing

@testable import CIMRedis

@Suite("Redis stores in a cluster")
struct RedisClusterTests {
  /// A cluster of one node refuses what touches several slots, or keys that were not declared, as any cluster does.
  @Test("Every operation stays in one slot per step")
  func oneSlot() async throws {
    let server = try await RedisServer(options: ["cluster-enabled": "yes"])
    try await server.withClient { redis in
      _ = try await redis.send(RedisCommand("CLUSTER", "ADDSLOTSRANGE", 0, 16_383))
      try await eventually("the cluster is up") {
        try await redis.send(RedisCommand("CLUSTER", "INFO")).asString().contains("cluster_state:ok")
      }
      let crossed = await #expect(throws: RedisError.self) {
        try await redis.run(RedisScript("return 1").call(keys: ["{a}", "{b}"]))
      }
      #expect(crossed?.serverCode == "CROSSSLOT")

      let stores = Stores.redis(redis, limits: .withoutLease)
      let (ada, _) = try await stores.accounts.register(UserName("a}d{a"))
      #expect(try await stores.accounts.account(named: ada.name) == ada)
      #expect(try await stores.accounts.accounts([ada.id]) == [ada.id: ada])
      try await useLogins(stores.logins, ada)
      try await useSessions(stores.sessions, ada)
      try await useGroups(stores.groups, ada)
      try await useLog(stores.log, ada)
      try await useCursors(stores.cursors, ada)
      try await useDelayed(stores.delayed, ada)
      try await useReads(stores.reads, ada)
      try await useContacts(stores, ada)
      try await useLimits(stores.limits, ada, redis)
    }
  }

  private func useLimits(_ limits: any TokenStore, _ ada: Account, _ redis: RedisClient) async throws {
    let limit = RateLimit(20, per: .second, burst: 2)!
    let demand = TokenDemand(sender: ada.id, limit, device: .phone, limit)!
    #expect(try await limits.take(9, by: demand) == .granted(2))
    #expect(try await limits.take(9, by: TokenDemand(loginsFrom: "::/64", limit)) == .granted(2))
    let keys = demand.parts.map { StoreKey.tokens(of: $0.subject) }
    try await eventually("full buckets are not kept") {
      var kept = 0
      for key in keys { kept += try await redis.send(RedisCommand("EXISTS", key)).asInteger() as Int }
      return kept == 0
    }
  }

  private func useLogins(_ logins: any LoginStore, _ ada: Account) async throws {
    _ = try await logins.create(user: ada.id, device: .phone)
    let login = try await logins.create(user: ada.id, device: .phone)
    #expect(try await logins.login(for: login.token) == login)
    #expect(try await logins.revoke(login.token) == login)
  }

  private func useSessions(_ sessions: any SessionStore, _ ada: Account) async throws {
    _ = try await sessions.open(user: ada.id, device: .phone, on: .one, loginGeneration: 1)
    let session = try await sessions.open(user: ada.id, device: .phone, on: .two, loginGeneration: 1).session
    #expect(try await sessions.sessions(of: [ada.id]) == [ada.id: [session]])
    #expect(try await sessions.onlineUsers(on: [.one, .two], after: nil, limit: 10) == [ada.id])
    #expect(try await sessions.restate(session) == .stands)
    #expect(try await sessions.close(user: ada.id, device: .phone, epoch: session.epoch))
    #expect(try await sessions.sweep(.one, limit: 10).isComplete)
    #expect(try await sessions.forget(.one))
  }

  private func useGroups(_ groups: any GroupStore, _ ada: Account) async throws {
    let content = ByteBuffer(string: "joined")
    #expect(try await groups.create(GroupID("friends"), owner: ada, content: content)?.position.seq == 1)
    #expect(try await groups.groups(of: ada.id).count == 1)
  }

  private func useCursors(_ cursors: any CursorStore, _ ada: Account) async throws {
    let phone = UserDevice(user: ada.id, device: .phone)
    let position = LogPosition(epoch: 1, seq: 1)
    try await cursors.advance([CursorAdvance(phone, to: [.lobby: position])])
    #expect(try await cursors.begin(phone, in: .lobby, at: .beginning) == position)
  }

  private func useReads(_ reads: any ReadMarkStore, _ ada: Account) async throws {
    let position = LogPosition(epoch: 1, seq: 1)
    #expect(try await reads.advance([ada.id: [.lobby: position], UserID(9): [.lobby: position]]).count == 2)
    #expect(try await reads.marks(of: [ada.id, UserID(9)]).count == 2)
    #expect(try await reads.marks(of: [ada.id, UserID(9)], in: .lobby).count == 2)
  }

  private func useContacts(_ stores: Stores, _ ada: Account) async throws {
    let (pair, bob) = (UserPair(ada.id, UserID(9)), UserID(9))
    try await stores.contacts.note(pair)
    let notes = try await stores.contacts.contacts(of: ada.id)
    #expect(notes.count == 1)
    try await stores.contacts.forget(notes, of: ada.id, olderThan: 0)
    #expect(try await stores.log.append(.saying("hi", in: .direct(pair), by: ada)).entry != nil)
    #expect(
      try await stores.log.ends(of: [.direct(pair): [ada.id, bob], .lobby: [bob]])[.direct(pair)] != nil)
    #expect(try await stores.contacts.block(bob, by: ada.id))
    #expect(try await stores.contacts.blocked(by: ada.id, after: nil, limit: 9) == [bob])
    #expect(try await stores.log.append(.saying("hi", in: .direct(pair), by: ada)) == .refused(.blocking))
    #expect(try await stores.contacts.unblock(bob, by: ada.id))
  }

  private func useDelayed(_ delayed: any DelayedStore, _ ada: Account) async throws {
    let (first, second) = (DelayedMessage.saying("1", by: ada), DelayedMessage.saying("2", by: ada))
    for message in [first, second, .saying("3", by: ada)] {
      _ = try await delayed.schedule(message, for: .at(.epoch), under: IdempotencyKey("}\(message.id){"))
    }
    let taken = try await delayed.take(limit: 2 * DelayedShard.count)
    #expect(taken.count == 2)
    try await delayed.giveBack(Array(taken.prefix(1)))
    try await delayed.postpone(Array(taken.suffix(1)), milliseconds: 60_000)
    try await delayed.conclude(taken[1].message, .sent)
    #expect(try await delayed.cancel(taken[0].message.id, of: ada.id) == .cancelled)
    let rest = try #require(try await delayed.scheduled(of: ada.id, after: nil, limit: 10).first)
    try await delayed.conclude(rest.message, .failed(.uncertain))
    #expect(
      try await delayed.scheduled(of: ada.id, after: nil, limit: 10).map(\.state) == [.failed(.uncertain)])
  }

  private func useLog(_ log: any MessageLog, _ ada: Account) async throws {
    _ = try await log.markDirty(.friends, for: [ada.id, Account.bob.id])
    let mark = try #require(try await log.dirtyMarks(of: ada.id, limit: 1).first)
    #expect(try await log.clearDirty(mark, of: ada.id))
    let key = try IdempotencyKey("}{")
    for idempotency in [Append.Idempotency.none, .producer(.outbox, counter: 1), .key(key)] {
      let outcome = try await log.append(.saying("hello", in: .friends, by: ada, idempotency))
      #expect(outcome.entry != nil)
    }
    #expect(try await log.append(.saying("", in: .friends, by: ada, .key(key))).entry?.text == "hello")
    #expect(try await log.read(.friends, after: nil, limit: 10).count == 4)
    #expect(try await log.tail(of: .friends)?.seq == 4)
  }
}
