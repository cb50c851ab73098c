import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("What operators ask a route", .timeLimit(.minutes(1)))
struct AdminTests {
  private func status(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  private static func named(_ name: String) -> CimV1.UserKey { CimV1.UserKey(key: .name(name)) }

  // MARK: Sessions

  @Test("A user's devices are shown with their server, by id and by name")
  func sessions() async throws {
    try await Cluster.run(servers: 2) {
      $0.route = { $0.loginPolicy = .all }
    } _: { cluster in
      let phone = try await TestClient("ann", device: "phone", kind: "mobile", to: 1, in: cluster)
      let laptop = try await TestClient("ann", device: "laptop", to: 0, in: cluster)
      try await cluster.withAdmin { admin in
        let answer = try await admin.getUserSessions(.init(user: Self.named("ann")))
        #expect(answer.userID == phone.user.id && answer.name == "ann")
        #expect(answer.devices.map(\.deviceID) == ["laptop", "phone"])
        #expect(answer.devices.map(\.deviceKind) == ["", "mobile"])
        #expect(answer.devices.map { $0.session?.serverID } == ["s1", "s2"])
        #expect(answer.devices.allSatisfy { $0.session?.isServerAlive == true })
        let session = answer.devices[0].session
        #expect(session?.serverIncarnation == laptop.welcome.serverIncarnation)
        #expect(session?.sessionEpoch == laptop.welcome.sessionEpoch)
        #expect(session?.loginGeneration == answer.devices[0].loginGeneration)
        let now = Int64(Timestamp.now().milliseconds)
        for time in [session?.openedAtMs ?? 0, answer.devices[0].loggedInAtMs] {
          #expect((now - 60_000...now + 1000).contains(time))
        }
        let byID = try await admin.getUserSessions(.init(user: .init(key: .userID(phone.user.id))))
        #expect(byID == answer)
      }
    }
  }

  @Test("Who has left is logged in without a session, and a server that is gone is not alive")
  func offlineAndDead() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let ghost = ServerInstance(id: try ServerID("gone"), incarnation: .random())
      let opening = try await probed.stores.sessions.open(
        UserDevice(user: ann.account.id, device: try DeviceID("old")), kind: .unnamed, loginGeneration: 7,
        on: ghost, admission: Admission(.all))
      guard case .opened = opening else { throw DeadlineExceeded("not opened") }
      try await probed.cluster.withAdmin { admin in
        let devices = try await admin.getUserSessions(.init(user: Self.named("ann"))).devices
        #expect(devices.map(\.deviceID) == ["d", "old"])
        #expect(devices[0].session == nil && devices[0].loginGeneration > 0)
        #expect(devices[1].loginGeneration == 0 && devices[1].loggedInAtMs == 0)
        #expect(devices[1].session?.serverID == "gone" && devices[1].session?.isServerAlive == false)
      }
    }
  }

  // MARK: Servers

  @Test("Servers are listed with their addresses, their link and their clients")
  func servers() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 1, in: cluster)
      try await cluster.withAdmin { admin in
        try await eventually("the second server tells of its client") {
          try await admin.listServers(.init()).servers.map(\.connections) == [0, 1]
        }
        let answer = try await admin.listServers(.init())
        #expect(answer.routeID == "r1")
        #expect(answer.servers.map(\.id) == ["s1", "s2"])
        #expect(answer.servers[1].incarnation == ann.welcome.serverIncarnation)
        let port = cluster.servers[0].address.port ?? 0
        #expect(answer.servers[0].clientAddress == "127.0.0.1:\(port)")
        #expect(!answer.servers[0].pushAddress.isEmpty && answer.servers[0].version == "test")
        for server in answer.servers {
          #expect(server.isLinked && server.isRegistered && !server.isDraining)
          #expect(server.linkSinceMs <= Int64(Timestamp.now().milliseconds) && server.linkSinceMs > 0)
          #expect(server.pendingTails == 0)
        }
      }
      await ann.leave()
    }
  }

  @Test("Route and servers tell what they have done: messages, how long these took, and what that cost")
  func work() async throws {
    try await Cluster.run(servers: 2) { cluster in
      let ann = try await TestClient("ann", to: 0, in: cluster)
      let bob = try await TestClient("bob", to: 1, in: cluster)
      for number in 1...3 {
        try await ann.post("\(number)", to: "lobby")
        _ = try await ann.nextResult()
        _ = try await bob.nextMessage()
      }
      try await cluster.withAdmin { admin in
        let route = try await admin.getRoute(.init())
        #expect(route.routeID == "r1" && route.accepted == 3 && route.deliveries >= 3)
        #expect(route.acceptance?.counts.reduce(0, +) == 3)
        #expect(route.acceptance?.counts.count == (route.acceptance?.boundsUs.count ?? 0) + 1)
        #expect(route.startedAtMs > 0 && route.nowMs >= route.startedAtMs)
        #expect(route.cpuMs > 0 && route.residentBytes > 1 << 20)
        try await eventually("the servers tell of it") {
          let works = try await admin.listServers(.init()).servers.map { ($0.work?.sent, $0.work?.delivered) }
          return works.map(\.0) == [3, 0] && works[1].1 == 3
        }
      }
      await ann.leave()
      await bob.leave()
    }
  }

  @Test("A link that is down is shown as such, with what waits for it")
  func linkDown() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      _ = try await probed.connect(bob)
      let before = try await probed.cluster.withAdmin { try await $0.listServers(.init()).servers[0] }
      #expect(before.isLinked && before.unacknowledgedDeliveries == 0)
      try await probed.say("hi", in: "p:1:2", as: ann)
      _ = try await probed.probe.nextDelivery()
      let after = try await probed.cluster.withAdmin { try await $0.listServers(.init()).servers[0] }
      #expect(after.unacknowledgedDeliveries == 1, "the probe acknowledges nothing")
      #expect(after.unacknowledgedBytes > 0)
      await probed.probe.stop()
      try await eventually("the link is down") {
        try await probed.cluster.withAdmin { try await !$0.listServers(.init()).servers[0].isLinked }
      }
      let down = try await probed.cluster.withAdmin { try await $0.listServers(.init()).servers[0] }
      #expect(down.isRegistered && down.connections == nil && down.linkSinceMs >= before.linkSinceMs)
    }
  }

  // MARK: Kicks

  @Test("A kick ends the logins of all devices, tells the clients why, and they may log in again")
  func kick() async throws {
    try await Cluster.run(servers: 2) {
      $0.route = { $0.loginPolicy = .all }
    } _: { cluster in
      let phone = try await TestClient("ann", device: "phone", to: 1, in: cluster)
      let laptop = try await TestClient("ann", device: "laptop", to: 0, in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let answer = try await cluster.withAdmin { admin in
        try await admin.kickUser(.init(user: Self.named("ann"), reason: "be kind"))
      }
      #expect(answer.endedLogins == 2 && answer.closedSessions == 2)
      for client in [phone, laptop] {
        let kick = try await client.nextKick()
        #expect(kick.reason == .endedByOperator && kick.detail.contains("be kind"))
        let lookup = try await cluster.withRoute { route in
          try await status {
            try await route.logout(
              .init(), options: CallOptions(metadata: ["authorization": "Bearer \(client.token)"]))
          }
        }
        #expect(lookup.code == .unauthenticated)
      }
      #expect(try await cluster.onlineUsers(as: bob).map(\.name) == ["bob"])
      let again = try await TestClient("ann", device: "phone", in: cluster)
      #expect(again.welcome.user?.name == "ann")
    }
  }

  @Test("A kick of one device leaves the others alone")
  func kickOne() async throws {
    try await Cluster.run {
      $0.route = { $0.loginPolicy = .all }
    } _: { cluster in
      let phone = try await TestClient("ann", device: "phone", in: cluster)
      let laptop = try await TestClient("ann", device: "laptop", in: cluster)
      try await cluster.withAdmin { admin in
        let answer = try await admin.kickUser(.init(user: Self.named("ann"), deviceID: "phone"))
        #expect(answer.endedLogins == 1 && answer.closedSessions == 1)
        #expect(try await phone.nextKick().reason == .endedByOperator)
        let devices = try await admin.getUserSessions(.init(user: Self.named("ann"))).devices
        #expect(devices.map(\.deviceID) == ["laptop"])
        let again = try await status {
          try await admin.kickUser(.init(user: Self.named("ann"), deviceID: "phone"))
        }
        #expect(again.code == .notFound && again.message.contains("device_id"))
        let none = try await admin.kickUser(.init(user: Self.named("ann")))
        #expect(none.endedLogins == 1)
        let nobody = try await admin.kickUser(.init(user: Self.named("ann")))
        #expect(nobody == CimV1.KickUserResponse(), "nobody is there: nothing to do")
      }
      #expect(try await laptop.nextKick().reason == .endedByOperator)
    }
  }

  // MARK: Bad input

  @Test("What is missing, too long or unknown is refused with the field's name, and changes nothing")
  func badInput() async throws {
    try await Cluster.run { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let long = String(repeating: "x", count: 65)
      let users: [(CimV1.UserKey?, StatusCode, String)] = [
        (nil, .invalidArgument, "user is missing"),
        (.init(), .invalidArgument, "user is missing"),
        (.init(key: .userID(0)), .invalidArgument, "user.user_id"),
        (.init(key: .userID(999)), .notFound, "999"),
        (.init(key: .name("")), .invalidArgument, "user.name"),
        (.init(key: .name(long)), .invalidArgument, "64"),
        (.init(key: .name("a;b")), .invalidArgument, "user.name"),
        (.init(key: .name("nobody")), .notFound, "nobody"),
      ]
      try await cluster.withAdmin { admin in
        for (user, code, text) in users {
          let calls: [() async throws -> Void] = [
            { _ = try await admin.getUserSessions(.init(user: user)) },
            { _ = try await admin.kickUser(.init(user: user)) },
          ]
          for call in calls {
            let status = try await status(call)
            #expect(status.code == code && status.message.contains(text), "\(status)")
          }
        }
        let kicks: [(CimV1.KickUserRequest, StatusCode, String)] = [
          (.init(user: Self.named("ann"), deviceID: "no good"), .invalidArgument, "device_id"),
          (.init(user: Self.named("ann"), deviceID: long), .invalidArgument, "device_id"),
          (.init(user: Self.named("ann"), deviceID: "other"), .notFound, "other"),
          (.init(user: Self.named("ann"), reason: "a\nb"), .invalidArgument, "reason"),
          (
            .init(user: Self.named("ann"), reason: String(repeating: "r", count: 257)), .invalidArgument,
            "reason"
          ),
        ]
        for (request, code, text) in kicks {
          let status = try await status { try await admin.kickUser(request) }
          #expect(status.code == code && status.message.contains(text), "\(status)")
        }
        let devices = try await admin.getUserSessions(.init(user: Self.named("ann"))).devices
        #expect(devices.map { $0.session?.sessionEpoch } == [ann.welcome.sessionEpoch])
      }
    }
  }

  @Test("While the store is away a call is UNAVAILABLE, and nothing has happened")
  func storeAway() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      _ = try await probed.connect(ann)
      try await probed.cluster.withAdmin { admin in
        for call in [
          { _ = try await admin.getUserSessions(.init(user: Self.named("ann"))) },
          { _ = try await admin.kickUser(.init(user: Self.named("ann"))) },
        ] as [() async throws -> Void] {
          probed.held.fail(.logins)
          let status = try await status(call)
          #expect(status.code == .unavailable)
        }
      }
      #expect(try await probed.stores.sessions.sessions(of: [ann.account.id]).count == 1)
    }
  }
}
