import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races of opening and closing sessions", .timeLimit(.minutes(1)))
struct FencingRaceTests {
  @Test("A device that connects again while its close is on its way waits its turn, and is online then")
  func closeMeetsOpen() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 1)
      try await bob.connect(to: 0)
      let close = world.held.hold(.close, of: bob.id)
      await bob.leave()
      try await close.reached()
      async let connected: Void = bob.connect(to: 1)
      close.release()
      try await connected
      #expect(try await world.onlineUsers(as: ann) == [ann.user.id, bob.user.id])
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
    }
  }

  @Test("The late close of a connection that was replaced removes nothing of the one that stands")
  func lateClose() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 1)
      try await bob.connect(to: 0)
      let close = world.held.hold(.close, of: bob.id)
      // The older connection still stands when the newer one is made.
      try await bob.connect(to: 1)
      try await close.reached()
      try await eventually("the older connection is told") { bob.kicks.map(\.reason) == [.replaced] }
      close.release()
      try await eventually("the late close was refused") { world.counted(\.staleCloses) > 0 }
      #expect(try await world.onlineUsers(as: ann) == [ann.user.id, bob.user.id])
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
    }
  }

  @Test("An opening that is held until its client has gone, and connected elsewhere, leaves no ghost")
  func lateOpen() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 1)
      let open = world.held.hold(.open, of: bob.id)
      try await bob.beginConnecting(to: 0)
      try await open.reached()
      await bob.cut()
      open.release()
      try await bob.connect(to: 1)
      try await eventually("bob is online once, where he is") {
        let sessions = try await world.memory.stores.sessions.sessions(of: [bob.id])[bob.id] ?? []
        return sessions.map(\.instance.id.rawValue) == ["s2"]
      }
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
      await bob.leave()
      try await eventually("nobody but ann is online") {
        try await world.onlineUsers(as: ann) == [ann.user.id]
      }
    }
  }

  @Test("A session whose opening was written, but whose answer is lost with its client, is removed")
  func answerLost() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let open = world.held.hold(.open, of: bob.id, .after)
      try await bob.beginConnecting()
      try await open.reached()
      await bob.cut()
      open.release()
      try await eventually("nobody but ann is online") {
        try await world.onlineUsers(as: ann) == [ann.user.id]
      }
      try await bob.connect()
      #expect(try await world.onlineUsers(as: ann) == [ann.user.id, bob.user.id])
    }
  }

  @Test("A sweep of a dead server that is on its way while the device connects elsewhere leaves it online")
  func sweepMeetsReturn() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 1)
      try await bob.connect(to: 0)
      let sweep = world.held.hold(.sweep)
      await world.cluster.servers[0].crash()
      await world.registry.forget(try ServerID("s1"))
      try await sweep.reached()
      // Offline at once, though not swept.
      #expect(try await world.onlineUsers(as: ann) == [ann.user.id])
      await bob.cut()
      try await bob.connect(to: 1)
      sweep.release()
      try await eventually("the dead server is forgotten") {
        try await world.memory.stores.sessions.knownInstances().map(\.id.rawValue) == ["s2"]
      }
      #expect(try await world.onlineUsers(as: ann) == [ann.user.id, bob.user.id])
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
    }
  }

  @Test(
    "A server that registers anew states its sessions again; a sweep of the old registration removes none of them"
  )
  func restatedWhileSwept() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let restate = world.held.hold(.restate, of: bob.id)
      try await world.registry.remember(try ServerID("s1"))
      try await restate.reached()
      try await eventually("the old registration was swept") {
        try await world.memory.stores.sessions.knownInstances().count == 1
      }
      restate.release()
      try await eventually("both are online") {
        try await world.onlineUsers(as: ann) == [ann.user.id, bob.user.id]
      }
      #expect(world.counted(\.restated) >= 2)
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
      #expect(ann.kicks.isEmpty && bob.kicks.isEmpty)
    }
  }

  @Test(
    "An opening that one route is held in while another route opens does not displace what stands for good")
  func openedTwice() async throws {
    try await RaceWorld.run(servers: 1, routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let open = world.held.hold(.open, of: bob.id)
      // The server gives the first route up, and asks the other.
      try await bob.beginConnecting()
      try await open.reached()
      try await eventually("bob is welcomed, or told to come again") {
        bob.isWelcome || bob.hasEnded
      }
      open.release()
      try await eventually("bob is online once, and the server has him once") {
        if bob.hasEnded || !bob.kicks.isEmpty {
          await bob.cut()
          try await bob.connect()
        }
        let sessions = try await world.memory.stores.sessions.sessions(of: [bob.id])[bob.id] ?? []
        return sessions.count == 1 && world.cluster.servers[0].node.sessionCount == 2
      }
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
      await bob.leave()
      try await eventually("nobody but ann is online") {
        try await world.onlineUsers(as: ann) == [ann.user.id]
      }
    }
  }
}
