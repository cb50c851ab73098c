import CIMCore
import CIMProtos
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races of marking and appending", .timeLimit(.minutes(1)))
struct MarkRaceTests {
  @Test("A route that stops between mark and append until the mark is past its lease and cleared marks again")
  func stoppedPastTheLease() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let append = world.held.hold(.append, in: conversation)
      let id = try await ann.post("hello", to: conversation)
      try await append.reached()
      #expect(try await world.marks(of: bob).count == 1)
      world.clock.advance(milliseconds: 60_000)
      // Bob has everything there is, and the lease is over.
      try await eventually("the mark is cleared") { try await world.marks(of: bob).isEmpty }
      await bob.leave()
      append.release()
      guard case .accepted(let accepted) = try await ann.result(of: id) else {
        Issue.record("not accepted")
        return
      }
      #expect(!accepted.duplicate)
      #expect(world.held.count(.markDirty, of: bob.id, in: conversation) == 2)
      #expect(try await world.marks(of: bob).count == 1)
      try await bob.connect()
      try await bob.waitForTexts(["hello"], in: conversation)
    }
  }

  @Test("A route that stops between mark and append leaves nothing that is sent twice")
  func diesBeforeTheAppend() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      world.held.fail(.append, in: conversation)
      let id = try await ann.post("hello", to: conversation)
      guard case .refused(let refused) = try await ann.result(of: id) else {
        Issue.record("answered as accepted, and not appended")
        return
      }
      #expect(refused.reason == .unavailable)
      try await ann.post("hello", to: conversation, again: id)
      guard case .accepted(let accepted) = try await ann.result(of: id) else {
        Issue.record("not accepted when it was sent again")
        return
      }
      #expect(!accepted.duplicate)
      try await bob.waitForTexts(["hello"], in: conversation)
    }
  }

  @Test("A mark that is set while it is being cleared stays, and brings what nothing else delivers")
  func setWhileCleared() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      try await ann.say("one", to: conversation)
      try await bob.waitForTexts(["one"], in: conversation)
      let clear = world.held.hold(.clearDirty, of: bob.id)
      world.clock.advance(milliseconds: 60_000)
      try await clear.reached()
      // Logged, and delivered by nobody.
      world.held.fail(.append, in: conversation, .after)
      _ = try await ann.result(of: try await ann.post("two", to: conversation))
      clear.release()
      #expect(try await world.marks(of: bob).count == 1)
      world.clock.advance(milliseconds: 3_000)
      try await bob.waitForTexts(["one", "two"], in: conversation)
    }
  }
}
