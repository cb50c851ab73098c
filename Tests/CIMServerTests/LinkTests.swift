import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Links between routes and servers", .timeLimit(.minutes(1)))
struct LinkTests {
  @Test("A link that breaks is made again, and messages flow as before")
  func cut() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let before = cluster.servers[1].pushRelay.accepted
      cluster.servers[1].pushRelay.cut()
      try await eventually("the link is made again") {
        cluster.servers[1].pushRelay.accepted > before && cluster.routes[0].node.readyServers == 2
      }
      try await ann.post("back", to: "lobby")
      #expect(try await bob.nextMessage().content?.kind == .text("back"))
      try await bob.post("yes", to: bob.conversation(with: ann))
      // Her own first.
      #expect(try await ann.nextMessage().content?.kind == .text("back"))
      #expect(try await ann.nextMessage().content?.kind == .text("yes"))
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("A message that comes while a link is being made is delivered when it is up")
  func parked() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      cluster.servers[1].pushRelay.cut()
      try await eventually("the route has noticed") { cluster.routes[0].node.readyServers == 1 }
      try await ann.post("all", to: "lobby")
      try await ann.post("you", to: ann.conversation(with: bob))
      for _ in 0..<2 { _ = try await ann.nextResult() }
      let texts = [try await bob.nextMessage(), try await bob.nextMessage()].map(\.content?.kind)
      #expect(Set(texts) == [.text("all"), .text("you")])
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("The end of a session that comes while a link is being made is told when it is up")
  func parkedKick() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 1, in: cluster)
      cluster.servers[1].pushRelay.cut()
      try await eventually("the route has noticed") { cluster.routes[0].node.readyServers == 1 }
      let options = CallOptions(metadata: ["authorization": "Bearer \(ann.token)"])
      _ = try await cluster.withRoute { try await $0.logout(CimV1.LogoutRequest(), options: options) }
      #expect(try await ann.nextKick().reason == .loggedOut)
      await ann.cut()
    }
  }

  @Test("A link that goes silent is found by its heartbeat, and made again once it can be")
  func halfOpen() async throws {
    try await Cluster.run {
      $0.noticeSilentLinksSoon()
    } _: { cluster in
      let (route, server) = (cluster.routes[0].node, cluster.servers[0])
      let ann = try await TestClient("ann", in: cluster)
      server.pushRelay.setSilent(true)
      try await eventually("both ends have noticed") { route.readyServers == 0 && server.node.linkCount == 0 }
      server.pushRelay.setSilent(false)
      try await eventually("the link is made again") { route.readyServers == 1 && server.node.linkCount == 1 }
      // The client's connection stood all the time.
      try await ann.postAll(0..<1, to: "lobby", persistently: true)
      await ann.leave()
    }
  }

  @Test("A client that leaves while the link is silent is offline once the link is made again")
  func leavingUnnoticed() async throws {
    try await Cluster.run {
      $0.noticeSilentLinksSoon()
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let (route, server) = (cluster.routes[0].node, cluster.servers[0])
      server.pushRelay.setSilent(true)
      await ann.leave()
      try await eventually("the server has let the session go") { server.node.sessionCount == 0 }
      try await eventually("both ends have noticed") { route.readyServers == 0 && server.node.linkCount == 0 }
      #expect(try await cluster.stores.sessions.sessions(of: [UserID(ann.user.id)]).count == 1)
      server.pushRelay.setSilent(false)
      try await eventually("nobody is online") {
        try await cluster.stores.sessions.sessions(of: [UserID(ann.user.id)]).isEmpty
      }
    }
  }

  @Test("Messages under way when a route dies are accepted by another, once and in order")
  func failover() async throws {
    try await Cluster.run(servers: 1, routes: 2) { cluster in
      let ann = try await TestClient("ann", in: cluster)
      try await ann.post("0", to: "lobby")
      _ = try await ann.nextResult()
      let inUse = try #require(cluster.routes.first { $0.node.statistics.accepted == 1 })
      for index in 1..<60 { try await ann.post("\(index)", to: "lobby") }
      await inUse.crash()
      for index in 60..<64 { try await ann.post("\(index)", to: "lobby") }
      var positions: [UInt64] = []
      for _ in 1..<64 {
        guard case .accepted(let accepted) = try await ann.nextResult().outcome else { continue }
        positions.append(accepted.position?.seq ?? 0)
      }
      #expect(positions.sorted() == Array(2...64))
      let entries = try await cluster.stores.log.read(.lobby, after: nil, limit: 100)
      #expect(entries.map { $0.sendID?.counter } == (1...64).map { $0 })
      await ann.leave()
    }
  }

  @Test("After the welcome no message to the lobby passes a client by, whichever route it goes through")
  func interest() async throws {
    try await Cluster.run(servers: 2, routes: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      for round in 0..<20 {
        // The first and only client on that server: its routes have just been told of it.
        let bob = try await TestClient("bob", device: "d\(round)", to: 1, in: cluster)
        try await ann.post("round \(round)", to: "lobby")
        #expect(try await bob.nextMessage().content?.kind == .text("round \(round)"))
        await bob.leave()
        try await eventually("bob is offline") {
          try await cluster.stores.sessions.sessions(of: [UserID(bob.user.id)]).isEmpty
        }
      }
      await ann.leave()
    }
  }

  @Test("A server that registers anew states its sessions again: its clients stay connected and online")
  func registeredAnew() async throws {
    let registry = ForgetfulRegistry()
    try await Cluster.run(servers: 2) {
      $0.registry = registry
      $0.server = { $0.idleTimeout = .seconds(8) }
    } _: { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let id = try ServerID("s1")
      let before = cluster.servers[0].node.instance
      await registry.forget(id)
      try await eventually("no new logins there") { cluster.routes[0].node.readyServers == 1 }
      // The link is up: whoever is there is online, and gets messages.
      try await bob.post("forgotten?", to: bob.conversation(with: ann))
      #expect(try await ann.nextMessage().content?.kind == .text("forgotten?"))
      try await registry.remember(id)
      try await eventually("the session is stated again") {
        let sessions = try await cluster.stores.sessions.sessions(of: [UserID(ann.user.id)])
        let instance = sessions[UserID(ann.user.id)]?.first?.instance
        return instance != before && instance == cluster.servers[0].node.instance
      }
      try await eventually("both servers take clients") { cluster.routes[0].node.readyServers == 2 }
      try await bob.post("again", to: bob.conversation(with: ann))
      #expect(try await ann.nextMessage().content?.kind == .text("again"))
      let online = try await cluster.onlineUsers(as: ann)
      #expect(online == [ann.user, bob.user])
      try await ann.post("me too", to: "lobby")
      // Behind what bob sent, which comes back.
      let lobby = try await bob.next { frame -> CimV1.Message? in
        if case .message(let message) = frame, message.conversation == "lobby" { message } else { nil }
      }
      #expect(lobby.content?.kind == .text("me too"))
      await ann.leave()
      await bob.leave()
      try await eventually("nobody is online") {
        try await cluster.onlineUsers(as: ann).isEmpty
      }
    }
  }

  @Test("Whoever was on a dead server is offline once the registry has let it go")
  func deadServer() async throws {
    let registry = ForgetfulRegistry()
    try await Cluster.run(servers: 2) {
      $0.registry = registry
    } _: { cluster in
      let ann = try await TestClient("ann", device: "phone", to: 0, in: cluster)
      await cluster.servers[0].crash()
      await registry.forget(try ServerID("s1"))
      try await eventually("nobody is online") {
        try await cluster.onlineUsers(as: ann).isEmpty
      }
      // No ghost of the other device stands in the way.
      let again = try await TestClient("ann", device: "desk", in: cluster)
      #expect(again.server.id == "s2")
      await again.leave()
      await ann.cut()
    }
  }

  @Test("A session that its server does not know is no delivery, and is removed")
  func ghost() async throws {
    try await Cluster.run {
      $0.route = { $0.unknownSessionGrace = .milliseconds(100) }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let instance = try #require(cluster.servers[0].node.instance)
      let ghost = try await cluster.stores.accounts.register(try UserName("ghost")).account
      _ = try await cluster.stores.sessions.open(
        user: ghost.id, device: try DeviceID("d"), on: instance, loginGeneration: 1)
      try await ann.post("anybody?", to: "p:\(ann.user.id):\(ghost.id)")
      guard case .accepted = try await ann.nextResult().outcome else {
        Issue.record("the message was not accepted")
        return
      }
      try await eventually("the ghost is gone") {
        try await cluster.stores.sessions.sessions(of: [ghost.id]).isEmpty
      }
      #expect(cluster.routes[0].node.statistics.notHere >= 2)
      #expect(cluster.servers[0].node.statistics.delivered <= 1, "What ann sent comes back to ann alone.")
      await ann.leave()
    }
  }

  @Test("A server that goes away tells its clients, waits for them, and is chosen no more")
  func draining() async throws {
    try await Cluster.run(servers: 2) {
      $0.server = { $0.drainSpread = .milliseconds(200) }
    } _: { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 0, in: cluster)
      async let gone: Void = cluster.servers[0].node.shutdown(within: .seconds(20))
      for client in [ann, bob] {
        let drain = try await client.next { if case .drain(let drain) = $0 { drain } else { nil } }
        #expect((19_000...20_000).contains(drain.withinMs))
        #expect(drain.server?.id == "s2")
      }
      try await eventually("it is chosen no more") { cluster.routes[0].node.readyServers == 1 }
      // Until it leaves, a client can go on.
      try await bob.post("bye", to: "lobby")
      #expect(try await ann.nextMessage().content?.kind == .text("bye"))
      await ann.leave()
      await bob.leave()
      await gone
      #expect(cluster.servers[0].node.sessionCount == 0)
      let next = try await TestClient("ann", in: cluster)
      #expect(next.server.id == "s2")
      await next.leave()
    }
  }

  @Test("Clients that do not leave a server that goes away are cut off when the time is over")
  func drainingEnds() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      await cluster.servers[0].node.shutdown(within: .milliseconds(100))
      let status = try await ann.status()
      #expect(status.code == .unavailable)
      #expect(status.message.contains("going away"))
      #expect(cluster.servers[0].node.sessionCount == 0)
      // Its links, too, so that nothing keeps its port for routes open; these know who has left.
      try await eventually("its links are ended") { cluster.servers[0].node.linkCount == 0 }
      try await eventually("nobody is online") {
        try await cluster.stores.sessions.sessions(of: [UserID(ann.user.id)]).isEmpty
      }
      await ann.cut()
    }
  }
}
