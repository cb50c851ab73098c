import CIMCore
import CIMProtos
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races of a receiver's acknowledgement and a sender who waits for it", .timeLimit(.minutes(1)))
struct DeliveredRaceTests {
  @Test("What is acknowledged before anybody waits for it is told all the same")
  func acknowledgedFirst() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let append = world.held.hold(.append, in: conversation, .after)
      let id = try await ann.post("hello", to: conversation, level: .delivered)
      try await append.reached()
      // Bob gets it by his mark, and his acknowledgement is stored.
      world.clock.advance(milliseconds: 3_000)
      try await bob.waitForTexts(["hello"], in: conversation)
      try await world.held.waitFor(1, .advance, of: bob.id, in: conversation)
      #expect(!ann.isDelivered(id))
      append.release()
      try await eventually("ann is told") { ann.isDelivered(id) }
    }
  }

  @Test(
    "What is acknowledged while the store is being asked is told",
    arguments: [HeldStores.Side.before, .after])
  func acknowledgedMeanwhile(side: HeldStores.Side) async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let conversation = ann.direct(with: bob)
      let question = world.held.hold(.cursor, of: bob.id, in: conversation, side)
      let id = try await ann.post("hello", to: conversation, level: .delivered)
      try await question.reached()
      try await bob.connect()
      try await bob.waitForTexts(["hello"], in: conversation)
      try await world.held.waitFor(1, .advance, of: bob.id, in: conversation)
      question.release()
      try await eventually("ann is told") { ann.isDelivered(id) }
    }
  }

  @Test("A resend after the receiver has it is answered with what is reached by now")
  func resent() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let id = try await ann.post("hello", to: conversation, level: .delivered)
      try await eventually("ann is told") { ann.isDelivered(id) }
      try await ann.post("hello", to: conversation, again: id, level: .delivered)
      guard case .accepted(let accepted) = try await ann.result(of: id) else {
        Issue.record("not accepted")
        return
      }
      #expect(accepted.duplicate)
      #expect(accepted.reached == .delivered)
      #expect(bob.texts(in: conversation) == ["hello"])
    }
  }
}
