import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Groups", .timeLimit(.minutes(1)))
struct GroupTests {
  private func status(_ call: () async throws -> some Sendable) async throws -> StatusCode {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error.code
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  @Test("A group is created once, joined, listed and left, and only its members see what is in it")
  func life() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      try await probed.cluster.withRoute { route in
        let create = CimV1.CreateGroupRequest(groupID: "cats")
        let created = try await route.createGroup(create, options: ann.bearer)
        #expect(created.conversation == "g:cats" && created.position?.seq == 1)
        #expect(
          try await status { try await route.createGroup(create, options: bob.bearer) } == .alreadyExists)
        let join = CimV1.JoinGroupRequest(groupID: "cats")
        let members = CimV1.ListMembersRequest(groupID: "cats")
        #expect(try await status { try await route.listMembers(members, options: bob.bearer) } == .notFound)
        try await probed.say("before", in: "g:cats", as: ann)
        let joined = try await route.joinGroup(join, options: bob.bearer)
        #expect(joined.joined && joined.position?.seq == 3)
        let again = try await route.joinGroup(join, options: bob.bearer)
        #expect(!again.joined && again.position == joined.position)
        try await probed.say("after", in: "g:cats", as: ann)
        #expect(
          try await route.listMembers(members, options: bob.bearer).members.map(\.name) == ["ann", "bob"])
        #expect(
          try await route.listGroups(CimV1.ListGroupsRequest(), options: bob.bearer).groupIds == ["cats"])

        let history = CimV1.HistoryRequest(conversation: "g:cats")
        let seen = try await route.history(history, options: bob.bearer)
        #expect(
          seen.messages.map { $0.content?.kind } == [.membership(.joined), .text("after")] && !seen.more)
        #expect(try await route.history(history, options: ann.bearer).messages.count == 4)
        for place in [CimV1.LogPosition(epoch: 0, seq: 0), created.position] {
          let forward = CimV1.HistoryRequest(conversation: "g:cats", after: place)
          #expect(try await route.history(forward, options: bob.bearer).messages == seen.messages)
        }

        let leave = CimV1.LeaveGroupRequest(groupID: "cats")
        #expect(try await route.leaveGroup(leave, options: bob.bearer).left)
        #expect(try await !route.leaveGroup(leave, options: bob.bearer).left)
        #expect(try await status { try await probed.say("x", in: "g:cats", as: bob) } == .notFound)
        #expect(
          try await status { try await route.history(history, options: bob.bearer) } == .permissionDenied)
        #expect(try await route.listGroups(CimV1.ListGroupsRequest(), options: bob.bearer).groupIds == [])
      }
    }
  }

  @Test("Groups and members come in pages")
  func pages() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        for name in ["a", "b", "c"] {
          _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: name), options: ann.bearer)
        }
        var request = CimV1.ListGroupsRequest(pageSize: 2)
        let first = try await route.listGroups(request, options: ann.bearer)
        #expect(first.groupIds == ["a", "b"])
        request.pageToken = first.nextPageToken
        let second = try await route.listGroups(request, options: ann.bearer)
        #expect(second.groupIds == ["c"] && second.nextPageToken.isEmpty)
        for index in 0..<3 {
          let person = try await probed.person("m\(index)")
          _ = try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "a"), options: person.bearer)
        }
        var members = CimV1.ListMembersRequest(groupID: "a", pageSize: 3)
        let some = try await route.listMembers(members, options: ann.bearer)
        #expect(some.members.map(\.name) == ["ann", "m0", "m1"])
        members.pageToken = some.nextPageToken
        #expect(try await route.listMembers(members, options: ann.bearer).members.map(\.name) == ["m2"])
        members.pageToken = "x"
        let wrong = members
        #expect(
          try await status { try await route.listMembers(wrong, options: ann.bearer) } == .invalidArgument)
      }
    }
  }

  @Test("A join reaches the members' servers and, by name, the joiner's sessions; a sync tells of it, too")
  func telling() async throws {
    try await ProbedRoute.run(interest: ["g:cats"]) { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let session = try await probed.connect(bob)
      try await probed.cluster.withRoute { route in
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: ann.bearer)
        try await probed.say("before", in: "g:cats", as: ann)
        for _ in 1...2 { _ = try await probed.probe.nextDelivery() }
        let joined = try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "cats"), options: bob.bearer)
        let named = try await probed.probe.nextDelivery()
        #expect(named.sessions == [session] && named.message?.position == joined.position)
        #expect(named.message?.content?.kind == .membership(.joined) && named.message?.sender?.id == bob.id)
        let all = try await probed.probe.nextDelivery()
        #expect(all.sessions.isEmpty && all.message == named.message)
        let sync = try await probed.probe.sync(CimV1.SyncSession(session: session, isNew: true))
        let feed = sync.sessions[0].feeds.first { $0.conversation == "g:cats" }
        #expect(feed?.last == named.message?.previous && feed?.tail == joined.position)
        guard case .granted(let granted) = try await probed.probe.open(bob.token, device: bob.device) else {
          Issue.record("bob is not let in")
          return
        }
        #expect(granted.groups == ["g:cats"])
      }
    }
  }

  @Test("A route that dies right after a join has left a mark, by which a sync finds the membership")
  func mark() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let session = try await probed.connect(bob)
      try await probed.cluster.withRoute { route in
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: ann.bearer)
        let join = probed.held.hold(.join, .after)
        async let call = status {
          try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "cats"), options: bob.bearer)
        }
        try await join.reached()
        join.fail()
        #expect(try await call == .unavailable)
      }
      #expect(probed.probe.count { if case .deliver = $0 { true } else { false } } == 0)
      try await eventually("a sync tells of the group") {
        let result = try await probed.probe.sync(CimV1.SyncSession(session: session))
        return result.sessions[0].feeds.map(\.conversation) == ["g:cats"]
      }
    }
  }
}
