import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races of delivering and connecting", .timeLimit(.minutes(1)))
struct LookupRaceTests {
  @Test("A session that opens after the append and before the lookup gets the message, once")
  func opensBeforeTheLookup() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let conversation = ann.direct(with: bob)
      let lookup = world.held.hold(.sessions, of: bob.id)
      try await ann.post("hello", to: conversation)
      try await lookup.reached()
      try await bob.connect()
      try await bob.waitForTexts(["hello"], in: conversation)
      lookup.release()
      try await ann.say("more", to: conversation)
      try await bob.waitForTexts(["hello", "more"], in: conversation)
    }
  }

  @Test("A session that opens after the lookup found nobody gets the message from the log")
  func opensAfterTheLookup() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let conversation = ann.direct(with: bob)
      let lookup = world.held.hold(.sessions, of: bob.id, .after)
      try await ann.post("hello", to: conversation)
      try await lookup.reached()
      try await bob.connect()
      lookup.release()
      try await bob.waitForTexts(["hello"], in: conversation)
      try await ann.say("more", to: conversation)
      try await bob.waitForTexts(["hello", "more"], in: conversation)
    }
  }

  @Test(
    "A session that opens just before the append gets the message, whether its sync or the lookup sees it")
  func opensBeforeTheAppend() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let conversation = ann.direct(with: bob)
      let append = world.held.hold(.append, in: conversation)
      try await ann.post("hello", to: conversation)
      try await append.reached()
      // Marked, and not in the log: the sync of the new session finds nothing to bring.
      try await bob.connect()
      append.release()
      try await bob.waitForTexts(["hello"], in: conversation)
    }
  }

  @Test(
    "A message for a session that has moved is sent back, looked up again, and shown once on the new server")
  func moved() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect(to: 0)
      let conversation = ann.direct(with: bob)
      // Ann has no session: nobody but a delivery looks for hers.
      let lookup = world.held.hold(.sessions, of: ann.id, .after)
      async let said: Void = world.say("hello", to: conversation, as: ann, through: 0)
      try await lookup.reached()
      await bob.leave()
      try await bob.connect(to: 1)
      lookup.release()
      try await said
      try await eventually("it was sent back") { world.counted(\.notHere) > 0 }
      try await world.say("more", to: conversation, as: ann, through: 0)
      try await bob.waitForTexts(["hello", "more"], in: conversation)
    }
  }

  @Test(
    "Of two messages through two routes the second comes first on the wire: shown in order, the hole filled from the log"
  )
  func overtaking() async throws {
    try await RaceWorld.run(routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      try await world.say("zero", to: conversation, as: ann, through: 0)
      try await bob.waitForTexts(["zero"], in: conversation)
      let lookup = world.held.hold(.sessions, of: ann.id)
      async let first: Void = world.say("one", to: conversation, as: ann, through: 0)
      try await lookup.reached()
      try await world.say("two", to: conversation, as: ann, through: 1)
      try await bob.waitForTexts(["zero", "one", "two"], in: conversation)
      #expect(world.countedByServers(\.holesFilled) > 0)
      lookup.release()
      try await first
      try await eventually("the late one was dropped") { world.countedByServers(\.wireDoubles) > 0 }
      try await world.say("three", to: conversation, as: ann, through: 0)
      try await bob.waitForTexts(["zero", "one", "two", "three"], in: conversation)
    }
  }

  @Test("In the lobby the same holds for all its members")
  func overtakingInTheLobby() async throws {
    try await RaceWorld.run(servers: 2, routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      let eve = try await RaceClient("eve", in: world.cluster)
      try await bob.connect(to: 0)
      try await eve.connect(to: 1)
      let append = world.held.hold(.append, in: .lobby, .after)
      async let first: Void = world.say("one", to: .lobby, as: ann, through: 0)
      try await append.reached()
      try await world.say("two", to: .lobby, as: ann, through: 1)
      for client in [bob, eve] { try await client.waitForTexts(["one", "two"], in: .lobby) }
      append.release()
      try await first
      try await eventually("the late one was dropped on both") {
        world.countedByServers(\.wireDoubles) >= 2
      }
      for client in [bob, eve] { #expect(client.texts(in: .lobby) == ["one", "two"]) }
    }
  }
}
