import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Races of appending and answering", .timeLimit(.minutes(1)))
struct AnswerRaceTests {
  @Test("An append whose answer is lost is answered as a duplicate when it is sent again, and delivered once")
  func answerLost() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      world.held.fail(.append, in: conversation, .after)
      let id = try await ann.post("hello", to: conversation)
      guard case .refused = try await ann.result(of: id) else {
        Issue.record("accepted by a store that did not answer")
        return
      }
      try await ann.post("hello", to: conversation, again: id)
      guard case .accepted(let accepted) = try await ann.result(of: id) else {
        Issue.record("not accepted when it was sent again")
        return
      }
      #expect(accepted.duplicate)
      #expect(world.counted(\.deduplicated) == 1)
      try await ann.say("and more", to: conversation)
      try await bob.waitForTexts(["hello", "and more"], in: conversation)
    }
  }

  @Test("A repetition that overtakes its own first try through another route is logged once")
  func overtaken() async throws {
    try await RaceWorld.run(routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let first = world.held.hold(.append, in: conversation)
      func send(through route: Int) async throws -> CimV1.Accepted? {
        try await world.withRoute(route, as: ann) { route, options in
          try await route.send(
            CimV1.SendRequest(
              target: .userID(bob.user.id), content: CimV1.Content(kind: .text("hello")),
              idempotencyKey: "k"), options: options)
        }.accepted
      }
      async let slow = send(through: 0)
      try await first.reached()
      let quick = try await send(through: 1)
      first.release()
      let late = try await slow
      #expect(quick?.duplicate == false)
      #expect(late?.duplicate == true)
      #expect(quick?.position == late?.position)
      try await world.say("and more", to: conversation, as: ann, through: 0)
      try await bob.waitForTexts(["hello", "and more"], in: conversation)
    }
  }

  @Test("A sender whose message was logged and not delivered is told to send it again, which delivers it")
  func lookupFails() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      func send() async throws -> CimV1.Accepted? {
        try await world.withRoute(as: ann) { route, options in
          try await route.send(
            CimV1.SendRequest(
              target: .userID(bob.user.id), content: CimV1.Content(kind: .text("hello")),
              idempotencyKey: "k"), options: options)
        }.accepted
      }
      // Ann has no session: nobody but a delivery looks for hers.
      world.held.fail(.sessions, of: ann.id)
      let error = await #expect(throws: RPCError.self) { _ = try await send() }
      #expect(error?.code == .unavailable)
      let again = try await send()
      #expect(again?.duplicate == true)
      try await bob.waitForTexts(["hello"], in: conversation)
    }
  }

  @Test(
    "What a route logs before it stops for good is brought by the marks; its late delivery is a wire double")
  func diesAfterTheAppend() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let append = world.held.hold(.append, in: conversation, .after)
      try await ann.post("hello", to: conversation)
      try await append.reached()
      world.clock.advance(milliseconds: 3_000)
      try await bob.waitForTexts(["hello"], in: conversation)
      append.release()
      try await eventually("the late delivery was dropped") { world.countedByServers(\.wireDoubles) > 0 }
      #expect(bob.texts(in: conversation) == ["hello"])
    }
  }
}
