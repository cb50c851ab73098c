import CIMCore
import CIMProtos
import CIMRedis
import CIMRoute
import CIMTestSupport
import Logging
import NgRPC
import Redis
import TestSupport
import Testing

@Suite("A route whose Redis goes away", .timeLimit(.minutes(2)))
struct StoreOutageTests {
  @Test("It says so in every answer and in its readiness, and works again when Redis is back")
  func outage() async throws {
    let redis = try await RedisServer(appendOnly: true)
    let client = RedisClient(
      address: try RedisAddress(url: redis.url), logger: Logger(label: "redis", factory: { _ in SilentLog() })
    )
    try await Cluster.run {
      $0.stores = .redis(client)
      $0.route = { $0.probeInterval = .milliseconds(50) }
    } _: { cluster in
      let node = cluster.routes[0].node
      try await eventually("it is ready") { node.isReady }
      let ann = try await TestClient("ann", in: cluster)
      func post(_ counter: UInt64) async throws -> CimV1.SendResult.Outcome? {
        let id = CimV1.SendId(producer: "outbox", conversation: "lobby", counter: counter)
        try await ann.send(.send(CimV1.Send(sendID: id, content: CimV1.Content(kind: .text("\(counter)")))))
        return try await ann.nextResult().outcome
      }
      guard case .accepted = try await post(1) else {
        Issue.record("a message was not accepted while Redis was there")
        return
      }

      try await redis.stop()
      guard case .refused(let refused) = try await post(2) else {
        Issue.record("a message was accepted without Redis")
        return
      }
      #expect(refused.reason == .unavailable)
      #expect(refused.detail.contains("send it again"))
      try await eventually("it is not ready") { !node.isReady }
      do {
        _ = try await cluster.withRoute { try await $0.register(CimV1.RegisterRequest(name: "bob")) }
        Issue.record("a name was registered without Redis")
      } catch let error as RPCError {
        #expect(error.code == .unavailable)
        #expect(error.message.contains("try again"))
      }

      try await redis.start()
      try await eventually("it is ready again") { node.isReady }
      guard case .accepted(let accepted) = try await post(2) else {
        Issue.record("the message was not accepted once Redis was back")
        return
      }
      // The first of a new epoch.
      #expect(accepted.position?.seq == 1)
      #expect(!accepted.duplicate)
      await ann.leave()
    }
    await client.shutdown()
    try await redis.stop()
  }

  @Test("Without Redis at its start it waits, not ready, and begins to work when Redis comes")
  func absentAtStart() async throws {
    let redis = try await RedisServer(appendOnly: true)
    try await redis.stop()
    let client = RedisClient(
      address: try RedisAddress(url: redis.url), logger: Logger(label: "redis", factory: { _ in SilentLog() })
    )
    try await Cluster.run {
      $0.stores = .redis(client)
      $0.route = { $0.probeInterval = .milliseconds(50) }
    } _: { cluster in
      #expect(!cluster.routes[0].node.isReady)
      try await redis.start()
      try await eventually("it is ready") { cluster.routes[0].node.isReady }
      let ann = try await TestClient("ann", in: cluster)
      await ann.leave()
    }
    await client.shutdown()
    try await redis.stop()
  }
}
