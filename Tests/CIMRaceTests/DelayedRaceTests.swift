import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import TestSupport
import Testing

@Suite("Races of delayed messages", .timeLimit(.minutes(1)))
struct DelayedRaceTests {
  /// When a lease is over for certain.
  private static let pastLease = DelayedLimits.defaults.leaseMilliseconds + 1000

  @Test("Two routes that look for the same messages send each once")
  func twoRoutes() async throws {
    try await RaceWorld.run(routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      // Both are about to look when everything is due.
      let looks = [world.held.hold(.take), world.held.hold(.take)]
      for look in looks { try await look.reached() }
      let texts = (1...20).map { "\($0)" }
      for text in texts { _ = try await world.schedule(text, to: conversation, as: ann) }
      for look in looks { look.release() }
      try await eventually("all are concluded") { try await world.scheduled(of: ann).isEmpty }
      try await eventually("bob has all") { bob.texts(in: conversation).count >= texts.count }
      #expect(Set(bob.texts(in: conversation)) == Set(texts))
      #expect(bob.texts(in: conversation).count == texts.count && bob.gaps == 0)
      #expect(world.held.count(.append, in: conversation) == texts.count)
    }
  }

  @Test("A route that dies between append and conclusion leaves nothing that is sent twice")
  func diesAfterTheAppend() async throws {
    try await RaceWorld.run(routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      world.held.fail(.conclude, of: ann.id)
      _ = try await world.schedule("once", to: conversation, as: ann)
      try await bob.waitForTexts(["once"], in: conversation)
      try await world.held.waitFor(1, .conclude, of: ann.id)
      #expect(try await world.scheduled(of: ann).map(\.state) == [.sending])
      world.clock.advance(milliseconds: Self.pastLease)
      try await eventually("another has concluded it") { try await world.scheduled(of: ann).isEmpty }
      #expect(world.held.count(.append, in: conversation) == 2)
      #expect(world.counted(\.deduplicated) == 1 && world.counted(\.accepted) == 1)
      _ = try await world.schedule("next", to: conversation, as: ann)
      try await bob.waitForTexts(["once", "next"], in: conversation)
    }
  }

  @Test("A route that loses its lease while it is sending sends nothing a second time")
  func losesTheLease() async throws {
    try await RaceWorld.run(routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let append = world.held.hold(.append, in: conversation)
      _ = try await world.schedule("once", to: conversation, as: ann)
      try await append.reached()
      world.clock.advance(milliseconds: Self.pastLease)
      // Both routes have looked again: one of them has it now.
      try await world.held.waitFor(world.held.count(.take) + 6, .take)
      append.release()
      try await eventually("it is concluded") { try await world.scheduled(of: ann).isEmpty }
      try await eventually("the other has sent it, too") { world.counted(\.deduplicated) >= 1 }
      #expect(world.counted(\.accepted) == 1)
      try await bob.waitForTexts(["once"], in: conversation)
    }
  }

  @Test("What a route is sending is not cancelled, although nothing of it is in the log")
  func cancelWhileTaken() async throws {
    try await RaceWorld.run(routes: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let mark = world.held.hold(.markDirty, of: bob.id)
      let id = try await world.schedule("too late", to: conversation, as: ann)
      try await mark.reached()
      #expect(try await world.cancel(id, as: ann) == .tooLate)
      mark.release()
      try await bob.waitForTexts(["too late"], in: conversation)
      try await eventually("it is concluded") { try await world.scheduled(of: ann).isEmpty }
      #expect(try await world.cancel(id, as: ann) == .unknown)
    }
  }

  @Test("What was cancelled is sent by nobody, also when a route was about to take it")
  func cancelBeforeTaken() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let take = world.held.hold(.take)
      try await take.reached()
      let id = try await world.schedule("never", to: conversation, as: ann)
      #expect(try await world.cancel(id, as: ann) == .cancelled)
      take.release()
      _ = try await world.schedule("after", to: conversation, as: ann)
      try await bob.waitForTexts(["after"], in: conversation)
      #expect(world.held.count(.append, in: conversation) == 1)
    }
  }

  @Test("A route that stops gives back what it took and did not begin, and it can be cancelled as before")
  func givenBack() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      let conversation = ann.direct(with: bob)
      let take = world.held.hold(.take)
      try await take.reached()
      let id = try await world.schedule("x", to: conversation, as: ann)
      let route = world.cluster.routes[0]
      async let stopping: Void = route.node.shutdown(within: .seconds(10))
      try await eventually("the route goes away") { !route.node.isReady }
      take.release()
      await stopping
      #expect(world.held.count(.giveBack, of: ann.id) == 1)
      #expect(world.held.count(.append, in: conversation) == 0)
      #expect(try await world.cancel(id, as: ann) == .cancelled)
    }
  }

  @Test("A store that was away for a look is asked again, and what became due meanwhile is sent")
  func storeAway() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      for _ in 1...3 { world.held.fail(.take) }
      _ = try await world.schedule("late", to: conversation, as: ann)
      try await bob.waitForTexts(["late"], in: conversation)
    }
  }

  @Test("A message whose append failed is tried again, and can't be cancelled meanwhile")
  func appendFails() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await bob.connect()
      let conversation = ann.direct(with: bob)
      let append = world.held.hold(.append, in: conversation, .after)
      let conclude = world.held.hold(.postpone, of: ann.id, .after)
      let id = try await world.schedule("maybe", to: conversation, as: ann)
      try await append.reached()
      append.fail()
      try await conclude.reached()
      #expect(try await world.cancel(id, as: ann) == .tooLate)
      conclude.release()
      try await bob.waitForTexts(["maybe"], in: conversation)
      try await eventually("it is concluded") { try await world.scheduled(of: ann).isEmpty }
      #expect(world.counted(\.deduplicated) == 1)
      try await bob.waitForTexts(["maybe"], in: conversation)
    }
  }
}

extension RaceWorld {
  /// Schedules a text for now.
  ///
  /// - Returns: its id.
  fileprivate func schedule(
    _ text: String, to conversation: Conversation, as client: RaceClient
  ) async throws -> String {
    let request = CimV1.ScheduleSendRequest(
      target: .conversation(conversation.description), content: CimV1.Content(kind: .text(text)),
      time: .delayMs(0))
    return try await withRoute(as: client) { route, options in
      try await route.scheduleSend(request, options: options)
    }.id
  }

  /// What a user has scheduled, past all gates.
  fileprivate func scheduled(of client: RaceClient) async throws -> [ScheduledMessage] {
    try await memory.stores.delayed.scheduled(of: client.id, after: nil, limit: 100)
  }

  fileprivate func cancel(_ id: String, as client: RaceClient) async throws -> DelayedCancellation {
    try await memory.stores.delayed.cancel(try DelayedID(id), of: client.id)
  }
}
