import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races with another store", .timeLimit(.minutes(1)))
struct StoreRaceTests {
  @Test("A store that has lost its sessions is told of them again, and nobody is missed")
  func lostSessions() async throws {
    try await RaceWorld.run(servers: 2, routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      let empty = world.memory.copy()
      try await ann.connect(to: 0)
      try await bob.connect(to: 1)
      world.memory.failOver(to: empty)
      try await eventually("both are online") {
        try await world.onlineUsers(as: ann) == [ann.user.id, bob.user.id]
      }
      #expect(world.counted(\.restated) >= 2)
      try await ann.say("hello", to: ann.direct(with: bob))
      try await bob.waitForTexts(["hello"], in: ann.direct(with: bob))
      #expect(ann.kicks.isEmpty && bob.kicks.isEmpty)
    }
  }

  @Test("A receiver of what the store has lost is told so, and goes on with what follows")
  func rolledBack() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      try await ann.say("kept", to: conversation)
      try await bob.waitForTexts(["kept"], in: conversation)
      let copy = world.memory.copy()
      try await ann.say("lost", to: conversation)
      try await bob.waitForTexts(["kept", "lost"], in: conversation)
      world.memory.failOver(to: copy)
      try await world.say("next", to: conversation, as: ann, through: 0)
      try await eventually("bob was told of what follows") {
        bob.shown(in: conversation).last == .text("next")
      }
      #expect(
        bob.shown(in: conversation) == [.text("kept"), .text("lost"), .reset, .text("next")])
      #expect(bob.gaps == 0)
    }
  }

  @Test("A receiver that has all that the store kept goes on across the epochs without a reset")
  func acrossEpochs() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      try await ann.say("before", to: conversation)
      try await bob.waitForTexts(["before"], in: conversation)
      world.memory.failOver()
      let after = try await ann.say("after", to: conversation)
      #expect(after.position?.seq == 1)
      try await bob.waitForTexts(["before", "after"], in: conversation)
      #expect(bob.shown(in: conversation) == [.text("before"), .text("after")])
    }
  }
}
