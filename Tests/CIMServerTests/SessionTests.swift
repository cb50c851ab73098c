import CIMCore
import CIMProtos
import CIMServer
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("A client's session", .timeLimit(.minutes(1)))
struct SessionTests {
  @Test("The welcome tells who is connected, where, and the limits")
  func welcome() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      #expect(ann.welcome.user == ann.user)
      #expect(ann.welcome.sessionEpoch > 0)
      #expect(ann.welcome.serverID == "s1")
      #expect(ann.welcome.serverIncarnation == cluster.servers[0].node.instance?.incarnation.rawValue)
      #expect(ann.welcome.pingIntervalMs == 10_000)
      #expect(ann.welcome.idleTimeoutMs == 30_000)
      #expect(ann.welcome.maxTextBytes == 65_536)
      await ann.leave()
    }
  }

  @Test("A device that connects again, to another server too, replaces itself; its older connection is told")
  func replaced() async throws {
    try await Cluster.run(servers: 2) { cluster in
      for servers in [(0, 0), (0, 1)] {
        let older = try await TestClient("ann", to: servers.0, in: cluster)
        let newer = try await TestClient("ann", to: servers.1, in: cluster)
        #expect(try await older.nextKick().reason == .replaced)
        #expect(try await older.status().code == .ok)
        #expect(newer.welcome.sessionEpoch > older.welcome.sessionEpoch)
        // The late end of the older connection has not removed the newer session.
        try await eventually("the older session is gone") {
          cluster.servers.map(\.node.sessionCount).reduce(0, +) == 1
        }
        let sessions = try await cluster.stores.sessions.sessions(of: [UserID(newer.user.id)])
        #expect(sessions[UserID(newer.user.id)]?.map(\.epoch.rawValue) == [newer.welcome.sessionEpoch])
        let bob = try await TestClient("bob", in: cluster)
        try await bob.post("still there?", to: bob.conversation(with: newer))
        #expect(try await newer.nextMessage().content?.kind == .text("still there?"))
        await newer.leave()
        await bob.leave()
        try await eventually("all have left") { cluster.servers.allSatisfy { $0.node.sessionCount == 0 } }
      }
    }
  }

  @Test("A client that says nothing is told so, disconnected, and offline")
  func idle() async throws {
    try await Cluster.run {
      $0.server = { $0.idleTimeout = .milliseconds(200) }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let kick = try await ann.nextKick()
      #expect(kick.reason == .idle)
      #expect(kick.detail.contains("0.2 s"))
      #expect(try await ann.status().code == .ok)
      #expect(cluster.servers[0].node.sessionCount == 0)
      try await eventually("the session is removed") {
        try await cluster.stores.sessions.sessions(of: [UserID(ann.user.id)]).isEmpty
      }
    }
  }

  @Test("A client that pings stays")
  func pings() async throws {
    try await Cluster.run {
      $0.server = { $0.idleTimeout = .milliseconds(700) }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      for nonce in 1...10 as ClosedRange<UInt64> {
        try await ann.send(.ping(CimV1.Ping(nonce: nonce)))
        _ = try await ann.next { if case .pong(let pong) = $0, pong.nonce == nonce { pong } else { nil } }
        // Time itself is what is tested: longer in all than would be too long.
        try await Task.sleep(for: .milliseconds(100))
      }
      await ann.leave()
    }
  }

  @Test("A client that leaves is offline")
  func leaving() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      #expect(
        try await cluster.onlineUsers(as: ann) == [
          ann.user
        ])
      await ann.leave()
      try await eventually("nobody is online") {
        try await cluster.onlineUsers(as: ann).isEmpty
      }
      #expect(cluster.servers[0].node.sessionCount == 0)
    }
  }

  @Test("A token that is not valid, and one of another device, open no session")
  func badToken() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      for (token, device) in [("nonsense", "d1"), (ann.token + "x", "d1"), (ann.token, "d2")] {
        #expect(try await Self.refusal(of: token, device: device, in: cluster).code == .unauthenticated)
      }
      #expect(cluster.servers[0].node.sessionCount == 1)
      await ann.leave()
    }
  }

  @Test("Of two devices that logged in before either connected, the first to connect stays")
  func twoDevices() async throws {
    try await Cluster.run { cluster in
      let desk = try await cluster.withRoute { route in
        let user = try await route.register(CimV1.RegisterRequest(name: "ann")).user
        return try await route.login(
          CimV1.LoginRequest(userID: user?.id ?? 0, name: "ann", deviceID: "desk"))
      }
      let phone = try await TestClient("ann", device: "phone", in: cluster)
      let status = try await Self.refusal(of: desk.token, device: "desk", in: cluster)
      #expect(status.code == .alreadyExists)
      #expect(status.message.contains("another device"))
      let ann = UserID(phone.user.id)
      try await eventually("only the phone has a session") {
        try await cluster.stores.sessions.sessions(of: [ann])[ann]?.map(\.device.rawValue) == ["phone"]
      }
      await phone.leave()
    }
  }

  @Test("The first frame must be hello")
  func noHello() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let status = try await Self.refusal(of: ann.token, first: .ping(CimV1.Ping(nonce: 1)), in: cluster)
      #expect(status.code == .failedPrecondition)
      #expect(status.message.contains("hello"))
      await ann.leave()
    }
  }

  @Test("Without a route, a client is told to log in again")
  func noRoute() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      await cluster.routes[0].crash()
      try await eventually("the link is down") { cluster.servers[0].node.linkCount == 0 }
      let status = try await Self.refusal(of: ann.token, device: "d1", in: cluster)
      #expect(status.code == .unavailable)
      #expect(status.message.contains("No route is linked"))
      // Who is connected stays, and is told what becomes of a message.
      try await ann.post("anybody?", to: "lobby")
      guard case .refused(let refused) = try await ann.nextResult().outcome else {
        Issue.record("a message was accepted without a route")
        return
      }
      #expect(refused.reason == .unavailable)
      await ann.cut()
    }
  }

  @Test(
    "A client that does not read for a while gets everything in order afterwards, and costs little memory meanwhile"
  )
  func slow() async throws {
    try await Cluster.run {
      $0.server = { $0.maxOutboundBytes = 200_000 }
    } _: { cluster in
      let slow = try await TestClient("slow", in: cluster)
      let ann = try await TestClient("ann", in: cluster)
      let statistics = { cluster.servers[0].node.statistics }
      let text = String(repeating: "x", count: 30_000)
      var sent = 0
      while statistics().pausedFeeds == 0 {
        try #require(sent < 1000, "30 MB were taken for a client that reads nothing")
        try await ann.post(text, to: "lobby")
        _ = try await ann.nextResult()
        sent += 1
      }
      // Nothing more is taken for it.
      for _ in 0..<20 {
        try await ann.post(text, to: "lobby")
        _ = try await ann.nextResult()
        sent += 1
      }
      #expect(statistics().pausedFeeds == 1)
      for seq in 1...UInt64(sent) { #expect(try await slow.nextMessage().position?.seq == seq) }
      try await ann.post("next", to: "lobby")
      #expect(try await slow.nextMessage().content?.kind == .text("next"))
      #expect(statistics().kicked == 0)
      await ann.leave()
      await slow.leave()
    }
  }

  @Test("A client that asks for answers and does not read them is disconnected, too")
  func deafPinger() async throws {
    try await Cluster.run {
      $0.server = {
        $0.maxTextBytes = 1000
        $0.maxOutboundBytes = 10_000
      }
    } _: { cluster in
      let deaf = try await TestClient("deaf", in: cluster)
      let node = cluster.servers[0].node
      var pings = 0
      while node.sessionCount > 0 {
        try #require(pings < 2_000_000, "two million answers were kept for a client that reads nothing")
        for _ in 0..<1000 where node.sessionCount > 0 { try await deaf.send(.ping(CimV1.Ping(nonce: .max))) }
        pings += 1000
      }
      #expect(node.statistics.kicked == 0)
      await deaf.cut()
    }
  }

  /// How a connection that is not let in ends.
  private static func refusal(
    of token: String, device: String = "d1", first: CimV1.ConnectRequest.Frame? = nil, in cluster: Cluster
  ) async throws -> RPCError {
    let port = cluster.servers[0].address.port ?? 0
    let (channel, call) = TestClient.open(token: token, at: Endpoint(host: "127.0.0.1", port: port))
    let hello = CimV1.ConnectRequest.Frame.hello(CimV1.Hello(deviceID: device, protocolVersion: 1))
    try await call.send(CimV1.ConnectRequest(frame: first ?? hello))
    let status = try await withDeadline(.seconds(10), "the refusal") { try await call.status() }
    await channel.shutdown(within: .zero)
    return status
  }
}
