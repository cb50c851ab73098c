import CIMCore
import CIMProtos
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races of catching up and live messages", .timeLimit(.minutes(1)))
struct CatchUpRaceTests {
  /// Bob is away while three messages come, connects, and a step of his catching up is held while a fourth comes.
  private func catchUp(_ method: StoreCall.Method, _ side: HeldStores.Side) async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let conversation = ann.direct(with: bob)
      for text in ["one", "two", "three"] { try await ann.say(text, to: conversation) }
      let isAboutUser = method == .dirtyMarks || method == .cursors
      let step = world.held.hold(
        method, of: isAboutUser ? bob.id : nil, in: isAboutUser ? nil : conversation, side)
      try await bob.connect()
      try await step.reached()
      try await ann.say("four", to: conversation)
      step.release()
      try await bob.waitForTexts(["one", "two", "three", "four"], in: conversation)
      try await ann.say("five", to: conversation)
      try await bob.waitForTexts(["one", "two", "three", "four", "five"], in: conversation)
    }
  }

  @Test(
    "A message that comes while a step of catching up is under way comes behind what was missed, once",
    arguments: [StoreCall.Method.dirtyMarks, .cursors, .tails, .readAfter],
    [HeldStores.Side.before, .after])
  func live(method: StoreCall.Method, side: HeldStores.Side) async throws {
    try await catchUp(method, side)
  }

  @Test("A page that can't be read is read again")
  func pageFails() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      let conversation = ann.direct(with: bob)
      for text in ["one", "two"] { try await ann.say(text, to: conversation) }
      world.held.fail(.readAfter, in: conversation)
      world.held.fail(.dirtyMarks, of: bob.id)
      try await bob.connect()
      try await bob.waitForTexts(["one", "two"], in: conversation)
    }
  }

  @Test("Cursors that could not be stored are stored when the store is back")
  func ackFails() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      world.held.fail(.advance, of: bob.id)
      let accepted = try await ann.say("hello", to: conversation)
      try await bob.waitForTexts(["hello"], in: conversation)
      try await eventually("the cursor is stored") {
        try await world.memory.stores.cursors.cursor(of: bob.id, in: conversation)
          == LogPosition(accepted.position)
      }
    }
  }

  @Test("An old acknowledgement that arrives after a newer one moves nothing back")
  func lateAck() async throws {
    try await RaceWorld.run(servers: 2, routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 1)
      try await bob.connect(to: 0)
      let conversation = ann.direct(with: bob)
      let advance = world.held.hold(.advance, of: bob.id, in: conversation)
      try await ann.say("one", to: conversation)
      try await advance.reached()
      let device = UserDevice(user: bob.id, device: try DeviceID("d1"))
      let second = try await ann.say("two", to: conversation)
      try await bob.waitForTexts(["one", "two"], in: conversation)
      // What another route would have written.
      try await world.memory.stores.cursors.advance([
        CursorAdvance(device, to: [conversation: LogPosition(second.position)])
      ])
      advance.release()
      try await world.held.waitFor(2, .advance, of: bob.id, in: conversation)
      #expect(
        try await world.memory.stores.cursors.cursor(of: bob.id, in: conversation)
          == LogPosition(second.position))
    }
  }
}
