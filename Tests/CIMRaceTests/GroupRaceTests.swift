import CIMCore
import CIMProtos
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Races of groups", .timeLimit(.minutes(1)))
struct GroupRaceTests {
  private let friends = Conversation.group(try! GroupID("friends"))

  private func create(_ world: RaceWorld, _ owner: RaceClient) async throws {
    _ = try await world.withRoute(as: owner) { route, options in
      try await route.createGroup(CimV1.CreateGroupRequest(groupID: "friends"), options: options)
    }
  }

  private func join(_ world: RaceWorld, _ client: RaceClient) async throws {
    _ = try await world.withRoute(as: client) { route, options in
      try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "friends"), options: options)
    }
  }

  private func leave(_ world: RaceWorld, _ client: RaceClient) async throws {
    _ = try await world.withRoute(as: client) { route, options in
      try await route.leaveGroup(CimV1.LeaveGroupRequest(groupID: "friends"), options: options)
    }
  }

  @Test(
    "A member whose joining was logged and told to nobody becomes one by its mark, and misses nothing since")
  func joinUntold() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      try await create(world, ann)
      try await ann.say("before", to: friends)
      world.held.fail(.join, of: bob.id, .after)
      await #expect(throws: RPCError.self) { try await join(world, bob) }
      try await ann.say("after", to: friends)
      world.clock.advance(milliseconds: 3_000)
      try await bob.waitForTexts(["after"], in: friends)
      #expect(bob.shown(in: friends) == [.joined(bob.user.id), .text("after")])
    }
  }

  @Test("Stays that began and ended while a member was away come whole, and nothing from between them")
  func staysWhileAway() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await create(world, ann)
      for stay in 1...2 {
        try await ann.say("out \(stay)", to: friends)
        try await join(world, bob)
        try await ann.say("in \(stay)", to: friends)
        try await leave(world, bob)
      }
      try await ann.say("out 3", to: friends)
      try await bob.connect()
      let (joined, left) = (RaceClient.Shown.joined(bob.user.id), RaceClient.Shown.left(bob.user.id))
      try await eventually("bob was shown both stays") {
        bob.shown(in: friends) == [joined, .text("in 1"), left, joined, .text("in 2"), left]
      }
      // What it has stored of it is known, and its mark does not tell of it again.
      world.clock.advance(milliseconds: 60_000)
      try await eventually("the mark has done its work") {
        try await world.marks(of: bob).allSatisfy { $0.conversation != friends }
      }
      await bob.leave()
      try await join(world, bob)
      try await ann.say("in 3", to: friends)
      try await bob.connect()
      try await eventually("bob was shown the third stay") { bob.shown(in: friends).last == .text("in 3") }
      #expect(bob.texts(in: friends) == ["in 1", "in 2", "in 3"])
    }
  }

  @Test("A stay of which a connected member was told nothing comes whole by its mark")
  func stayUntold() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      try await create(world, ann)
      world.held.fail(.join, of: bob.id, .after)
      await #expect(throws: RPCError.self) { try await join(world, bob) }
      try await ann.say("in", to: friends)
      try await leave(world, bob)
      try await ann.say("out", to: friends)
      world.clock.advance(milliseconds: 3_000)
      try await eventually("bob was shown the stay") {
        bob.shown(in: friends) == [.joined(bob.user.id), .text("in"), .left(bob.user.id)]
      }
      // Nothing behind it is for bob.
      try await ann.say("lobby", to: .lobby)
      try await bob.waitForTexts(["lobby"], in: .lobby)
      #expect(bob.texts(in: friends) == ["in"])
    }
  }

  @Test("A message that is sent while its sender leaves is in the log before the leave, or refused")
  func sendMeetsLeave() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      try await create(world, ann)
      try await join(world, bob)
      let append = world.held.hold(.append, of: bob.id, in: friends)
      let id = try await bob.post("too late", to: friends)
      try await append.reached()
      try await leave(world, bob)
      append.release()
      guard case .refused(let refused) = try await bob.result(of: id) else {
        Issue.record("accepted from who had left")
        return
      }
      #expect(refused.reason == .notAMember)
      try await ann.say("after", to: friends)
      try await eventually("ann was shown bob's leave") {
        ann.shown(in: friends).contains(.left(bob.user.id))
      }
      try await eventually("bob was shown his own leave") {
        bob.shown(in: friends).last == .left(bob.user.id)
      }
      // Nothing behind it is for bob.
      try await ann.say("lobby", to: .lobby)
      try await bob.waitForTexts(["lobby"], in: .lobby)
      #expect(bob.texts(in: friends).isEmpty)
    }
  }

  @Test(
    "A member who is removed while online is told so and gets nothing more; what it was sending is refused")
  func removedWhileSending() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 0)
      try await bob.connect(to: 1)
      try await create(world, ann)
      try await join(world, bob)
      try await ann.say("in", to: friends)
      let append = world.held.hold(.append, of: bob.id, in: friends)
      let id = try await bob.post("too late", to: friends)
      try await append.reached()
      _ = try await world.withRoute(as: ann) { route, options in
        try await route.removeFromGroup(
          CimV1.RemoveFromGroupRequest(groupID: "friends", userID: bob.user.id), options: options)
      }
      append.release()
      guard case .refused(let refused) = try await bob.result(of: id) else {
        Issue.record("accepted from who was removed")
        return
      }
      #expect(refused.reason == .notAMember)
      try await ann.say("after", to: friends)
      try await eventually("bob was shown his removal") {
        bob.shown(in: friends) == [.joined(bob.user.id), .text("in"), .removed(bob.user.id)]
      }
      try await ann.say("lobby", to: .lobby)
      try await bob.waitForTexts(["lobby"], in: .lobby)
      #expect(bob.shown(in: friends).last == .removed(bob.user.id))
    }
  }

  @Test(
    "A member who was removed while away gets what came before that, when it comes back, and nothing after")
  func removedWhileAway() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await create(world, ann)
      try await join(world, bob)
      try await ann.say("in", to: friends)
      _ = try await world.withRoute(as: ann) { route, options in
        try await route.removeFromGroup(
          CimV1.RemoveFromGroupRequest(groupID: "friends", userID: bob.user.id), options: options)
      }
      try await ann.say("out", to: friends)
      try await bob.connect()
      try await eventually("bob was shown the stay") {
        bob.shown(in: friends) == [.joined(bob.user.id), .text("in"), .removed(bob.user.id)]
      }
      try await ann.say("lobby", to: .lobby)
      try await bob.waitForTexts(["lobby"], in: .lobby)
      #expect(bob.texts(in: friends) == ["in"])
    }
  }

  @Test("A member who is muted while sending is refused, and still gets what others say")
  func mutedWhileSending() async throws {
    try await RaceWorld.run { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect()
      try await bob.connect()
      try await create(world, ann)
      try await join(world, bob)
      let append = world.held.hold(.append, of: bob.id, in: friends)
      let id = try await bob.post("too late", to: friends)
      try await append.reached()
      _ = try await world.withRoute(as: ann) { route, options in
        try await route.muteInGroup(
          CimV1.MuteInGroupRequest(groupID: "friends", userID: bob.user.id), options: options)
      }
      append.release()
      guard case .refused(let refused) = try await bob.result(of: id) else {
        Issue.record("accepted from who was muted")
        return
      }
      #expect(refused.reason == .muted)
      try await ann.say("after", to: friends)
      try await bob.waitForTexts(["after"], in: friends)
      #expect(ann.texts(in: friends).isEmpty)
    }
  }

  @Test("A member that connects while the group is spoken in gets all since its joining, in order")
  func connectMeetsMessage() async throws {
    try await RaceWorld.run(servers: 2) { world in
      let (ann, bob) = try await world.annAndBob()
      try await ann.connect(to: 1)
      try await create(world, ann)
      try await ann.say("before", to: friends)
      try await join(world, bob)
      try await ann.say("one", to: friends)
      let groups = world.held.hold(.groups, of: bob.id, .after)
      try await bob.beginConnecting(to: 0)
      try await groups.reached()
      try await ann.say("two", to: friends)
      groups.release()
      try await bob.waitForTexts(["one", "two"], in: friends)
      try await ann.say("three", to: friends)
      try await bob.waitForTexts(["one", "two", "three"], in: friends)
    }
  }
}
