import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NIOCore
import TestSupport
import Testing

@Suite("Links that break, and servers that die", .timeLimit(.minutes(1)))
struct LinkFaultTests {
  private func restate(_ probe: ProbeServer) async throws -> String {
    try await probe.next("a request to restate") { frame -> String? in
      if case .restate(let restate) = frame { restate.storeID } else { nil }
    }
  }

  @Test("What was not acknowledged when a link broke is told as tails over the next one")
  func broken() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let session = try await probed.connect(bob)
      let direct = "p:\(ann.id):\(bob.id)"
      try await probed.say("1", in: direct, as: ann)
      let first = try await probed.probe.nextDelivery()
      #expect(first.sessions.contains(session))
      probed.probe.send(.deliverAck(CimV1.DeliverAck(number: first.number)))
      let lost = try await probed.say("2", in: direct, as: ann)
      let all = try await probed.say("3", in: "lobby", as: ann)
      let numbers = [
        try await probed.probe.nextDelivery().number, try await probed.probe.nextDelivery().number,
      ]
      #expect(numbers == [2, 3])
      probed.probe.cut()
      try await probed.probe.waitForLink(2)
      var told: [CimV1.Tail] = []
      while told.count < 2 { told += try await probed.probe.nextTails().tails }
      #expect(told.first { $0.conversation == direct }?.position == lost.position)
      #expect(told.first { $0.conversation == direct }?.sessions.contains(session) == true)
      #expect(told.first { $0.conversation == "lobby" }?.position == all.position)
      try await eventually("it is counted") { probed.statistics.reResolved >= 1 }
    }
  }

  @Test("What was not acknowledged is told where the session is by then")
  func moved() async throws {
    try await ProbedRoute.run { probed in
      let other = try await ProbeServer("other", registry: probed.registry)
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      _ = try await probed.connect(bob)
      let direct = "p:\(ann.id):\(bob.id)"
      let lookup = probed.held.hold(.sessions, of: bob.account.id, .after)
      async let said = probed.say("hi", in: direct, as: ann)
      try await lookup.reached()
      // Between the lookup and the delivery the session is opened elsewhere.
      guard case .granted(let granted) = try await other.open(bob.token, device: bob.device) else {
        Issue.record("the session was not opened elsewhere")
        return
      }
      lookup.release()
      let delivery = try await probed.probe.nextDelivery()
      probed.probe.send(
        .notHere(
          CimV1.NotHere(
            session: delivery.sessions.first { $0.userID == bob.id }, conversation: direct,
            position: delivery.message?.position)))
      let tail = try await other.nextTails().tails.first
      #expect(tail?.position == (try await said.position))
      #expect(tail?.sessions.map(\.sessionEpoch) == [granted.sessionEpoch])
      #expect(probed.statistics.notHere == 1)
      await other.stop()
    }
  }

  @Test("A server that falls behind gets tails once it has caught up, and memory stays bounded")
  func behind() async throws {
    try await ProbedRoute.run {
      $0.maxLinkDeliveries = 2
    } _: { probed in
      let ann = try await probed.person("ann")
      for index in 1...5 { try await probed.say("\(index)", in: "lobby", as: ann) }
      try await eventually("three are not sent") { probed.statistics.deferred == 3 }
      #expect(probed.probe.count { if case .deliver = $0 { true } else { false } } == 2)
      probed.probe.send(.deliverAck(CimV1.DeliverAck(number: 2)))
      let tails = try await probed.probe.nextTails()
      #expect(tails.tails.map(\.position?.seq) == [5] && !tails.all)
    }
  }

  @Test(
    "A link made again, and a new store, ask for all sessions: each making under its own name, a store under its own"
  )
  func restating() async throws {
    try await ProbedRoute.run { probed in
      let first = try await restate(probed.probe)
      probed.probe.cut()
      try await probed.probe.waitForLink(2)
      let again = try await restate(probed.probe)
      #expect(again != first && again.contains(first))
      probed.memory.failOver()
      let other = try await restate(probed.probe)
      #expect(![first, again].contains(other))
      #expect(probed.statistics.storeChanges == 1)
    }
  }

  @Test("The sessions of a server that dies are removed, and nobody of them is online meanwhile")
  func swept() async throws {
    try await ProbedRoute.run {
      $0.sweepInterval = .milliseconds(20)
    } _: { probed in
      let other = try await ProbeServer("other", registry: probed.registry)
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      _ = try await probed.connect(ann)
      _ = try await other.open(bob.token, device: bob.device)
      let sweep = probed.held.hold(.sweep)
      await other.leaveRegistry()
      await other.stop()
      try await sweep.reached()
      let online = try await probed.cluster.withRoute {
        try await $0.onlineUsers(CimV1.OnlineUsersRequest(), options: ann.bearer).users.map(\.id)
      }
      #expect(online == [ann.id])
      sweep.release()
      try await eventually("bob's session is gone") {
        try await probed.stores.sessions.sessions(of: [bob.account.id]).isEmpty
      }
      try await eventually("the server is forgotten") {
        try await probed.stores.sessions.knownInstances() == [probed.probe.instance]
      }
      #expect(probed.statistics.swept == 1)
    }
  }

  @Test("A server that only the store knows is swept after a grace, and asked to restate if it turns up")
  func unknownServer() async throws {
    try await ProbedRoute.run {
      $0.sweepInterval = .milliseconds(20)
      $0.unknownServerGrace = .milliseconds(100)
    } _: { probed in
      let bob = try await probed.person("bob")
      let ghost = ServerInstance(id: try ServerID("ghost"), incarnation: .random())
      _ = try await probed.stores.sessions.open(
        user: bob.account.id, device: try DeviceID("d"), on: ghost, loginGeneration: 1)
      try await eventually("bob's session is gone") {
        try await probed.stores.sessions.sessions(of: [bob.account.id]).isEmpty
      }
      #expect(try await probed.stores.sessions.sessions(of: []).isEmpty)
    }
  }

  @Test("A message for a server that this route does not know yet reaches it when it does")
  func newServer() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let hidden = InMemoryServerRegistry()
      let other = try await ProbeServer("other", registry: hidden, isLinked: false)
      let opened = try await probed.stores.sessions.open(
        user: bob.account.id, device: try DeviceID("d"), on: other.instance, loginGeneration: 1)
      let direct = "p:\(ann.id):\(bob.id)"
      let said = try await probed.say("hi", in: direct, as: ann)
      // Now the registry's news comes.
      for await records in hidden.servers() where !records.isEmpty {
        _ = try await probed.registry.register(records[0])
        break
      }
      let tail = try await other.nextTails().tails.first
      #expect(tail?.position == said.position)
      #expect(tail?.sessions.map(\.sessionEpoch) == [opened.session.epoch.rawValue])
      await other.stop()
    }
  }

  @Test("A kick for a server that this route does not know yet reaches it when it does")
  func strayKick() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let hidden = InMemoryServerRegistry()
      let other = try await ProbeServer("other", registry: hidden, isLinked: false)
      let old = try await probed.stores.sessions.open(
        user: ann.account.id, device: try DeviceID("d"), on: other.instance, loginGeneration: 1)
      _ = try await probed.connect(ann)
      for await records in hidden.servers() where !records.isEmpty {
        _ = try await probed.registry.register(records[0])
        break
      }
      let kick = try await other.next("the kick") { frame -> CimV1.KickSession? in
        if case .kick(let kick) = frame { kick } else { nil }
      }
      #expect(kick.session?.sessionEpoch == old.session.epoch.rawValue && kick.kick?.reason == .replaced)
      await other.stop()
    }
  }
}
