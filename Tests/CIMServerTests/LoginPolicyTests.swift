import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Login policies", .timeLimit(.minutes(1)))
struct LoginPolicyTests {
  private func run(
    _ policy: LoginPolicy, servers: Int = 2, _ body: @Sendable (Cluster) async throws -> Void
  ) async throws {
    try await Cluster.run(servers: servers, routes: 2) {
      $0.route = { $0.loginPolicy = policy }
    } _: { cluster in
      try await body(cluster)
    }
  }

  /// The devices of a client's user that are online, as routes know them.
  private func devices(of client: TestClient, in cluster: Cluster) async throws -> [String] {
    let user = UserID(client.user.id)
    return try await cluster.stores.sessions.sessions(of: [user])[user]?.map(\.device.rawValue) ?? []
  }

  @Test("Under replace, the older device is told why, and can't come back by the login it has")
  func replace() async throws {
    try await run(.replace) { cluster in
      let phone = try await TestClient("ann", device: "phone", to: 0, in: cluster)
      let laptop = try await TestClient("ann", device: "laptop", to: 1, in: cluster)
      #expect(try await phone.nextKick().reason == .replacedByDevice)
      #expect(try await devices(of: laptop, in: cluster) == ["laptop"])
      let (channel, call) = TestClient.open(
        token: phone.token,
        at: Endpoint(host: "127.0.0.1", port: cluster.servers[0].address.port ?? 0))
      try await call.send(
        CimV1.ConnectRequest(frame: .hello(CimV1.Hello(deviceID: "phone", protocolVersion: 1))))
      #expect(try await call.status().code == .alreadyExists)
      #expect(try await devices(of: laptop, in: cluster) == ["laptop"])
      // Whoever logs in anew means it.
      let back = try await TestClient("ann", device: "phone", to: 0, in: cluster)
      #expect(try await laptop.nextKick().reason == .replacedByDevice)
      #expect(try await devices(of: back, in: cluster) == ["phone"])
      await channel.shutdown(within: .zero)
      for client in [phone, laptop, back] { await client.leave() }
    }
  }

  @Test("Of two devices that log in at the same time under replace, exactly one is online in the end")
  func race() async throws {
    try await run(.replace) { cluster in
      for round in 1...5 {
        let name = "user\(round)"
        let clients = await withTaskGroup(of: TestClient?.self) { group in
          for index in 0..<4 {
            // One that is refused has lost the race before it was connected.
            group.addTask { try? await TestClient(name, device: "d\(index)", to: index % 2, in: cluster) }
          }
          return await group.reduce(into: []) { $0.append($1) }.compactMap(\.self)
        }
        let one = try #require(clients.first)
        try await eventually("one is online") { try await devices(of: one, in: cluster).count == 1 }
        try await eventually("all others are closed") {
          cluster.servers.map(\.node.sessionCount).reduce(0, +) == 1
        }
        let standing = try await devices(of: one, in: cluster)
        for client in clients where [client.device] != standing {
          #expect(try await client.nextKick().reason == .replacedByDevice)
        }
        for client in clients { await client.leave() }
        try await eventually("nobody is online") {
          cluster.servers.map(\.node.sessionCount).reduce(0, +) == 0
        }
      }
    }
  }

  @Test("Under one-per-kind, devices of different kinds are online together, and of one kind the later one")
  func onePerKind() async throws {
    try await run(.onePerKind) { cluster in
      let phone = try await TestClient("ann", device: "phone", kind: "mobile", to: 0, in: cluster)
      let laptop = try await TestClient("ann", device: "laptop", kind: "desktop", to: 1, in: cluster)
      let tablet = try await TestClient("ann", device: "tablet", kind: "mobile", to: 1, in: cluster)
      #expect(try await phone.nextKick().reason == .replacedByDevice)
      #expect(try await devices(of: laptop, in: cluster) == ["laptop", "tablet"])
      for client in [phone, laptop, tablet] { await client.leave() }
    }
  }

  @Test("A kind that is none is refused with the rule")
  func badKind() async throws {
    try await run(.onePerKind, servers: 1) { cluster in
      do {
        _ = try await TestClient("ann", kind: "Web!", in: cluster)
        Issue.record("it was let in")
      } catch let error as RPCError {
        #expect(error.code == .invalidArgument)
        #expect(error.message.contains("device_kind") && error.message.contains("[0-9a-z-]"))
      }
    }
  }

  @Test(
    "Under all, each of a user's devices gets private messages and what the others send, and keeps its own place"
  )
  func all() async throws {
    try await run(.all) { cluster in
      let phone = try await TestClient("ann", device: "phone", to: 0, in: cluster)
      let laptop = try await TestClient("ann", device: "laptop", to: 1, in: cluster)
      let bob = try await TestClient("bob", to: 0, in: cluster)
      let direct = bob.conversation(with: phone)

      try await bob.post("to both", to: direct)
      var first: [CimV1.Message] = []
      for device in [phone, laptop] { first.append(try await device.nextMessage()) }
      #expect(first.map(\.text) == ["to both", "to both"])
      try await phone.post("from the phone", to: direct)
      #expect(try await laptop.nextMessage().text == "from the phone")
      #expect(try await phone.nextMessage().text == "from the phone")
      try await laptop.post("from the laptop", to: direct)
      #expect(try await phone.nextMessage().text == "from the laptop")
      #expect(try await laptop.nextMessage().text == "from the laptop")

      // Listed once, though online twice.
      let online = try await cluster.onlineUsers(as: bob)
      #expect(online.map(\.name) == ["ann", "bob"])

      // The phone has stored all of it, the laptop only the first.
      let last = try #require(try await lastPosition(of: direct, as: bob, in: cluster))
      try await phone.send(.ack(CimV1.Ack(cursors: [CimV1.Cursor(conversation: direct, position: last)])))
      try await laptop.send(
        .ack(CimV1.Ack(cursors: [CimV1.Cursor(conversation: direct, position: first[1].position)])))
      let user = UserID(phone.user.id)
      let devices = try ["phone", "laptop"].map { UserDevice(user: user, device: try DeviceID($0)) }
      let conversation = try Conversation(direct)
      try await eventually("both places are stored") {
        let cursors = try await cluster.stores.cursors.cursors(of: devices)
        return devices.map { cursors[$0]?.device[conversation]?.seq } == [3, 1]
      }
      await phone.leave()
      await laptop.leave()
      let returned = try await TestClient("ann", device: "laptop", to: 0, in: cluster)
      let missed = [try await returned.nextMessage().text, try await returned.nextMessage().text]
      #expect(missed == ["from the phone", "from the laptop"])
      for client in [returned, bob] { await client.leave() }
    }
  }

  @Test("What one device has acknowledged is not taken from another that is about to get it")
  func fasterDevice() async throws {
    var limits = MessageLogLimits.defaults
    limits.markLeaseMilliseconds = 1
    limits.clockToleranceMilliseconds = 0
    let held = HeldStores(.inMemory(limits: limits))
    try await Cluster.run(servers: 2) {
      $0.stores = held.stores
      $0.route = { $0.loginPolicy = .all }
    } _: { cluster in
      defer { held.releaseAll() }
      let phone = try await TestClient("ann", device: "phone", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 0, in: cluster)
      let direct = bob.conversation(with: phone)
      func acknowledge(_ message: CimV1.Message) async throws {
        let cursor = CimV1.Cursor(conversation: direct, position: message.position)
        try await phone.send(.ack(CimV1.Ack(cursors: [cursor])))
        try await eventually("the phone's place is stored") {
          try await cluster.stores.cursors.cursor(of: UserID(phone.user.id), in: try Conversation(direct))?
            .seq == message.position?.seq
        }
      }
      try await bob.post("before the laptop", to: direct)
      try await acknowledge(try await phone.nextMessage())
      // A mark would have the laptop's server told of the conversation before there is anything new in it.
      let user = UserID(phone.user.id)
      try await eventually("no mark is left") {
        let marks = try await held.inner.log.dirtyMarks(of: [user], olderThan: 0, limit: 9)
        _ = try await held.inner.log.clearDirty(marks)
        return marks.isEmpty
      }
      let laptop = try await TestClient("ann", device: "laptop", to: 1, in: cluster)
      try await bob.post("all know their places", to: "lobby")
      #expect(try await laptop.nextMessage().text == "all know their places")
      #expect(try await phone.nextMessage().text == "all know their places")

      // The laptop's server has to ask where the laptop stands, and hears of it after the phone.
      let question = held.hold(.cursors, of: user)
      try await bob.post("to both", to: direct)
      let message = try await phone.nextMessage()
      try await question.reached()
      try await acknowledge(message)
      question.release()
      #expect(try await laptop.nextMessage().text == "to both")
      for client in [phone, laptop, bob] { await client.leave() }
    }
  }

  private func lastPosition(
    of conversation: String, as client: TestClient, in cluster: Cluster
  ) async throws -> CimV1.LogPosition? {
    let position = try await cluster.stores.log.tail(of: try Conversation(conversation))
    return position.map { CimV1.LogPosition(epoch: $0.epoch, seq: $0.seq) }
  }

  @Test(
    "The session of a server that crashed keeps nobody out, under any policy", arguments: LoginPolicy.allCases
  )
  func crashedServer(policy: LoginPolicy) async throws {
    let registry = ForgetfulRegistry()
    try await Cluster.run(servers: 2, routes: 2) {
      $0.registry = registry
      $0.route = { $0.loginPolicy = policy }
    } _: { cluster in
      let phone = try await TestClient("ann", device: "phone", to: 0, in: cluster)
      await cluster.servers[0].crash()
      await registry.forget(try ServerID("s1"))
      try await eventually("the routes know") {
        cluster.routes.allSatisfy { $0.node.readyServers == 1 }
      }
      var laptop: TestClient?
      try await eventually("another device is let in") {
        do { laptop = try await TestClient("ann", device: "laptop", to: 1, in: cluster) } catch {
          return false
        }
        return true
      }
      let client = try #require(laptop)
      #expect(try await cluster.onlineUsers(as: client).map(\.name) == ["ann"])
      try await eventually("no ghost is left") { try await devices(of: client, in: cluster) == ["laptop"] }
      await client.leave()
      await phone.cut()
    }
  }
}

extension CimV1.Message {
  fileprivate var text: String {
    if case .text(let text) = content?.kind { text } else { "" }
  }
}
