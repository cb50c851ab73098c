import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Owners of groups", .timeLimit(.minutes(1)))
struct GroupOwnerTests {
  private func error(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  @Test("The owner mutes and removes; members are told, and the removed one sees nothing more")
  func life() async throws {
    try await ProbedRoute.run(interest: ["g:cats"]) { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      // Who is let in over the link comes after what the link is interested in.
      _ = try await probed.connect(try await probed.person("cid"))
      try await probed.cluster.withRoute { route in
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: ann.bearer)
        let join = CimV1.JoinGroupRequest(groupID: "cats")
        let joined = try await route.joinGroup(join, options: bob.bearer)
        let get = CimV1.GetGroupRequest(groupID: "cats")
        let seen = try await route.getGroup(get, options: bob.bearer)
        #expect(seen.owner == CimV1.User(id: ann.id, name: "ann") && seen.memberCount == 2 && !seen.muted)
        #expect(seen.conversation == "g:cats" && seen.joined == joined.position)

        let mute = CimV1.MuteInGroupRequest(groupID: "cats", userID: bob.id)
        let muted = try await route.muteInGroup(mute, options: ann.bearer)
        #expect(muted.muted && muted.position?.seq == 3)
        #expect(try await !route.muteInGroup(mute, options: ann.bearer).muted)
        let refused = try await error { try await probed.say("x", in: "g:cats", as: bob) }
        #expect(refused.code == .permissionDenied && refused.message.contains("muted"))
        #expect(try await route.getGroup(get, options: bob.bearer).muted)
        let unmute = CimV1.UnmuteInGroupRequest(groupID: "cats", userID: bob.id)
        #expect(try await route.unmuteInGroup(unmute, options: ann.bearer).unmuted)
        try await probed.say("back", in: "g:cats", as: bob)

        let remove = CimV1.RemoveFromGroupRequest(groupID: "cats", userID: bob.id)
        let removed = try await route.removeFromGroup(remove, options: ann.bearer)
        #expect(removed.removed && removed.position?.seq == 6)
        #expect(try await !route.removeFromGroup(remove, options: ann.bearer).removed)
        #expect(try await error { try await route.getGroup(get, options: bob.bearer) }.code == .notFound)
        let history = CimV1.HistoryRequest(conversation: "g:cats")
        #expect(
          try await error { try await route.history(history, options: bob.bearer) }.code == .permissionDenied)
        let log = try await route.history(history, options: ann.bearer).messages
        #expect(
          log.map { $0.content?.kind } == [
            .membership(.joined), .membership(.joined), .membership(.muted), .membership(.unmuted),
            .text("back"), .membership(.removed),
          ])
        #expect(log[5].sender?.id == ann.id)
        #expect(log[5].content?.member == CimV1.User(id: bob.id, name: "bob"))
        for seq in 1...6 as ClosedRange<UInt64> {
          let told = try await probed.probe.nextDelivery()
          #expect(told.message?.position?.seq == seq && told.sessions.isEmpty)
        }
      }
    }
  }

  @Test("What is not right is named, with its code, and changes nothing")
  func badInput() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob, cid) = (
        try await probed.person("ann"), try await probed.person("bob"), try await probed.person("cid")
      )
      try await probed.cluster.withRoute { route in
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: ann.bearer)
        _ = try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "cats"), options: bob.bearer)
        let tails = try await probed.stores.log.tails(of: [.group(GroupID("cats"))])
        let longID = String(repeating: "x", count: 65)
        let table: [(group: String, user: UInt64, by: CallOptions, StatusCode, says: String)] = [
          ("", bob.id, ann.bearer, .invalidArgument, "group_id"),
          ("c/ts", bob.id, ann.bearer, .invalidArgument, "group_id"),
          (longID, bob.id, ann.bearer, .invalidArgument, "group_id"),
          ("cats", 0, ann.bearer, .invalidArgument, "user_id is 0"),
          ("cats", bob.id, CallOptions(), .unauthenticated, ""),
          ("cats", ann.id, bob.bearer, .permissionDenied, "Only the owner"),
          ("cats", .max, bob.bearer, .permissionDenied, "Only the owner"),
          ("dogs", bob.id, ann.bearer, .notFound, "There is no group dogs"),
          ("cats", bob.id, cid.bearer, .notFound, "There is no group cats"),
          ("cats", .max, cid.bearer, .notFound, "There is no group cats"),
        ]
        for row in table {
          let remove = CimV1.RemoveFromGroupRequest(groupID: row.group, userID: row.user)
          let mute = CimV1.MuteInGroupRequest(groupID: row.group, userID: row.user)
          let unmute = CimV1.UnmuteInGroupRequest(groupID: row.group, userID: row.user)
          let errors = [
            try await error { try await route.removeFromGroup(remove, options: row.by) },
            try await error { try await route.muteInGroup(mute, options: row.by) },
            try await error { try await route.unmuteInGroup(unmute, options: row.by) },
          ]
          for found in errors {
            #expect(found.code == row.3 && found.message.contains(row.says), "\(row): \(found)")
          }
        }
        let own = CimV1.RemoveFromGroupRequest(groupID: "cats", userID: ann.id)
        let ownMute = CimV1.MuteInGroupRequest(groupID: "cats", userID: ann.id)
        let stranger = CimV1.MuteInGroupRequest(groupID: "cats", userID: cid.id)
        let nobody = CimV1.MuteInGroupRequest(groupID: "cats", userID: .max)
        let errors = [
          try await error { try await route.removeFromGroup(own, options: ann.bearer) },
          try await error { try await route.muteInGroup(ownMute, options: ann.bearer) },
          try await error { try await route.muteInGroup(stranger, options: ann.bearer) },
          try await error { try await route.muteInGroup(nobody, options: ann.bearer) },
        ]
        #expect(errors.map(\.code) == [.invalidArgument, .invalidArgument, .notFound, .notFound])
        #expect(errors.allSatisfy { $0.message.contains("user_id") })
        for group in ["", "dogs", "cats"] {
          let get = CimV1.GetGroupRequest(groupID: group)
          let found = try await error { try await route.getGroup(get, options: cid.bearer) }
          #expect(found.code == (group.isEmpty ? .invalidArgument : .notFound))
        }
        let disguised = CimV1.SendRequest(
          target: .conversation("g:cats"),
          content: CimV1.Content(kind: .text("x"), member: CimV1.User(id: bob.id, name: "bob")))
        let found = try await error { try await route.send(disguised, options: ann.bearer) }
        #expect(found.code == .invalidArgument && found.message.contains("content.member"))
        #expect(try await probed.stores.log.tails(of: [.group(GroupID("cats"))]) == tails)
      }
    }
  }
}
