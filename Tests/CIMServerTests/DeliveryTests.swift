import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("What is accepted reaches everyone, in order", .timeLimit(.minutes(1)))
struct DeliveryTests {
  // MARK: Away

  @Test("Who was away gets private messages from the first that was not stored, then what is said now")
  func away() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let conversation = ann.conversation(with: bob)
      try await ann.postAll(0..<3, to: conversation)
      try await bob.expect(0..<2, of: conversation, storing: true)
      await bob.leave()
      try await ann.postAll(3..<600, to: conversation)
      let back = try await TestClient("bob", to: 0, in: cluster)
      try await ann.postAll(600..<610, to: conversation)
      try await back.expect(2..<610, of: conversation, storing: true)
      await back.leave()
      // All is stored; what the client itself says counts more.
      let position = try #require(back.lastPosition(of: conversation))
      let before = CimV1.LogPosition(epoch: position.epoch, seq: position.seq - 2)
      let cursor = CimV1.Cursor(conversation: conversation, position: before)
      let again = try await TestClient("bob", to: 1, cursors: [cursor], in: cluster)
      try await again.expect(608..<610, of: conversation, storing: false)
      for client in [ann, again] { await client.leave() }
      #expect(cluster.servers.map(\.node.statistics.catchUps).reduce(0, +) >= 2)
    }
  }

  @Test(
    "Of the lobby no more comes late than the limit, and a reset names the rest; nothing of before a device came"
  )
  func lateLobby() async throws {
    try await Cluster.run {
      $0.route = { $0.maxLateMessages = 50 }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      try await ann.postAll(0..<10, to: "lobby")
      let bob = try await TestClient("bob", in: cluster)
      try await ann.postAll(10..<20, to: "lobby")
      try await bob.expect(10..<20, of: "lobby", storing: true)
      await bob.leave()
      try await ann.postAll(20..<100, to: "lobby")
      let back = try await TestClient("bob", in: cluster)
      guard case .reset(let reset) = try await back.next() else {
        Issue.record("the first is no reset")
        return
      }
      #expect(reset.after?.seq == 20)
      #expect(reset.until?.seq == 50)
      #expect(reset.next?.seq == 51)
      try await back.expect(50..<100, of: "lobby", storing: true)
      await ann.leave()
      await back.leave()
    }
  }

  // MARK: Groups

  @Test("Members of a group get it, from their joining to their leaving, on whichever server they are")
  func group() async throws {
    try await Cluster.run(servers: 2, routes: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let cid = try await TestClient("cid", to: 1, in: cluster)
      _ = try await cluster.withRoute {
        try await $0.createGroup(CimV1.CreateGroupRequest(groupID: "a"), options: ann.options)
      }
      #expect(try await ann.nextMessage().content?.kind == .membership(.joined))
      try await ann.postAll(0..<3, to: "g:a")
      _ = try await cluster.withRoute {
        try await $0.joinGroup(CimV1.JoinGroupRequest(groupID: "a"), options: bob.options)
      }
      #expect(try await bob.nextMessage().content?.kind == .membership(.joined))
      try await ann.postAll(3..<20, to: "g:a")
      try await bob.expect(3..<20, of: "g:a", storing: true)
      _ = try await cluster.withRoute {
        try await $0.leaveGroup(CimV1.LeaveGroupRequest(groupID: "a"), options: bob.options)
      }
      #expect(try await bob.nextMessage().content?.kind == .membership(.left))
      try await ann.postAll(20..<22, to: "g:a")
      try await ann.postAll(0..<1, to: "lobby")
      for client in [bob, cid] { try await client.expect(0..<1, of: "lobby", storing: true) }
      for client in [ann, bob, cid] { await client.leave() }
    }
  }

  // MARK: Faults

  @Test("Links that are cut in the middle of it cost no message and no order")
  func cutLinks() async throws {
    try await Cluster.run(servers: 2, routes: 2) { cluster in
      try await Self.chat(in: cluster) { round in
        cluster.servers[round % 2].pushRelay.cut()
      }
    }
  }

  @Test("A server that hears nothing for a while has all delivered afterwards")
  func silence() async throws {
    try await Cluster.run(servers: 2, routes: 2) {
      $0.noticeSilentLinksSoon()
    } _: { cluster in
      try await Self.chat(in: cluster) { round in
        let relay = cluster.servers[1].pushRelay
        relay.setSilent(round % 2 == 0)
        guard round % 2 == 0 else { return }
        try await eventually("the links are down") { cluster.servers[1].node.linkCount == 0 }
      }
    }
  }

  @Test("A route that dies in the middle of it costs no message and no order")
  func deadRoute() async throws {
    try await Cluster.run(servers: 2, routes: 3) { cluster in
      try await Self.chat(in: cluster) { round in
        if round == 2 { await cluster.routes[1].crash() }
        if round == 4 { await cluster.routes[2].crash() }
      }
    }
  }

  /// Two send to each other and to the lobby while `fault` happens after each round; both get all, once, in order.
  private static func chat(
    in cluster: Cluster, _ fault: @Sendable (Int) async throws -> Void
  ) async throws {
    let ann = try await TestClient("ann", to: 0, in: cluster)
    let bob = try await TestClient("bob", to: 1, in: cluster)
    let conversation = ann.conversation(with: bob)
    let rounds = 6
    for round in 0..<rounds {
      let range = round * 10..<(round + 1) * 10
      try await ann.postAll(range, to: "lobby", persistently: true)
      try await ann.postAll(range, to: conversation, persistently: true)
      try await fault(round)
    }
    cluster.servers[1].pushRelay.setSilent(false)
    try await bob.expectTogether(0..<rounds * 10, of: ["lobby", conversation])
    await ann.leave()
    await bob.leave()
  }

  // MARK: Ack levels, restating

  @Test("A sender who asks for it is told when a device of the receiver has stored its message")
  func delivered() async throws {
    try await Cluster.run(servers: 2, routes: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      let conversation = ann.conversation(with: bob)
      let id = CimV1.SendId(producer: "p", conversation: conversation, counter: 1)
      try await ann.send(
        .send(CimV1.Send(sendID: id, content: CimV1.Content(kind: .text("0")), ackLevel: .delivered)))
      guard case .accepted(let accepted) = try await ann.nextResult().outcome else {
        Issue.record("it was not accepted")
        return
      }
      try await bob.expect(0..<1, of: conversation, storing: true)
      let delivered = try await ann.next { if case .delivered(let told) = $0 { told } else { nil } }
      #expect(delivered.sendID == id)
      #expect(delivered.position == accepted.position)
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("A session whose record was lost is stated again, and gets what it missed meanwhile")
  func restated() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let user = UserID(bob.user.id)
      let lost = try #require(try await cluster.stores.sessions.sessions(of: [user])[user]?.first)
      _ = try await cluster.stores.sessions.close(user: user, device: lost.device, epoch: lost.epoch)
      let conversation = ann.conversation(with: bob)
      try await ann.postAll(0..<3, to: conversation)
      // Made again by the same route, which asks for all sessions.
      cluster.servers[0].pushRelay.cut()
      try await bob.expect(0..<3, of: conversation, storing: true)
      #expect(cluster.servers[0].node.statistics.restated >= 1)
      let found = try await cluster.stores.sessions.sessions(of: [user])[user]?.first
      #expect(found?.epoch == lost.epoch)
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("A private message that passed its session by is found by the next look at its mark")
  func antiEntropy() async throws {
    try await Cluster.run {
      $0.server = { $0.syncInterval = .milliseconds(200) }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let user = UserID(bob.user.id)
      let session = try #require(try await cluster.stores.sessions.sessions(of: [user])[user]?.first)
      _ = try await cluster.stores.sessions.close(user: user, device: session.device, epoch: session.epoch)
      let conversation = ann.conversation(with: bob)
      try await ann.postAll(0..<3, to: conversation)
      // No link breaks, nobody says anything: only the marks tell, after 2 s.
      try await bob.expect(0..<3, of: conversation, storing: true)
      await ann.leave()
      await bob.leave()
    }
  }
}
