import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Conversations and blocks", .timeLimit(.minutes(1)))
struct ContactTests {
  private func status(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  @Test(
    "A user's conversations are listed by their last activity, each with its last entry and what is unread")
  func list() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let eve = try await probed.person("eve")
      let (withBob, withEve) = ("p:\(ann.id):\(bob.id)", "p:\(ann.id):\(eve.id)")
      try await probed.cluster.withRoute { route in
        func list(_ person: ProbedRoute.Person) async throws -> [CimV1.ConversationSummary] {
          try await route.listConversations(CimV1.ListConversationsRequest(), options: person.bearer)
            .conversations
        }
        #expect(try await list(ann) == [])
        let first = try await probed.say("1", in: withBob, as: bob).position
        for text in ["2", "3"] { try await probed.say(text, in: withBob, as: bob) }
        try await probed.say("all", in: "lobby", as: bob)
        try await probed.later()
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: bob.bearer)
        try await probed.say("before", in: "g:cats", as: bob)
        _ = try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "cats"), options: ann.bearer)
        try await probed.say("after", in: "g:cats", as: bob)
        try await probed.later()
        try await probed.say("mine", in: withEve, as: ann)

        var lines = try await list(ann)
        #expect(lines.map(\.conversation) == [withEve, "g:cats", withBob])
        #expect(lines.map(\.unread) == [0, 1, 3])
        #expect(lines.map { $0.peer?.name } == ["eve", nil, "bob"])
        #expect(lines.map { $0.preview?.content?.kind } == [.text("mine"), .text("after"), .text("3")])
        #expect(lines[2].read == nil && lines[2].last?.seq == 3)
        #expect(lines[0].read == lines[0].last && lines[0].lastLoggedAtMs > lines[1].lastLoggedAtMs)
        #expect(try await list(eve).map(\.unread) == [1])

        _ = try await route.markRead(
          CimV1.MarkReadRequest(conversation: withBob, position: first), options: ann.bearer)
        #expect(try await list(ann).last?.unread == 2)
        // Who answers has read.
        try await probed.later()
        try await probed.say("4", in: withBob, as: ann)
        lines = try await list(ann)
        #expect(lines.first?.conversation == withBob && lines.first?.unread == 0)
        #expect(try await list(bob).first { $0.conversation == withBob }?.unread == 1)
        _ = try await route.leaveGroup(CimV1.LeaveGroupRequest(groupID: "cats"), options: ann.bearer)
        #expect(try await list(ann).map(\.conversation) == [withBob, withEve])
      }
    }
  }

  @Test("Unread is right when the store begins a new epoch, also when it has lost what was read")
  func epochs() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let pair = "p:\(ann.id):\(bob.id)"
      try await probed.cluster.withRoute { route in
        func unread() async throws -> UInt64? {
          try await route.listConversations(CimV1.ListConversationsRequest(), options: ann.bearer)
            .conversations.first?.unread
        }
        try await probed.say("1", in: pair, as: bob)
        let second = try await probed.say("2", in: pair, as: bob).position
        try await probed.say("3", in: pair, as: bob)
        let copy = probed.memory.copy()
        let lost = try await probed.say("lost", in: pair, as: bob).position
        _ = try await route.markRead(
          CimV1.MarkReadRequest(conversation: pair, position: second), options: ann.bearer)
        #expect(try await unread() == 2)
        probed.memory.failOver()
        try await probed.say("5", in: pair, as: bob)
        #expect(try await unread() == 3)
        probed.memory.failOver(to: copy)
        try await probed.say("4 again", in: pair, as: bob)
        #expect(try await unread() == 4, "the mark is lost, too")
        // What the store has lost was read all the same.
        _ = try await probed.stores.reads.advance([
          ann.account.id: [try Conversation(pair): LogPosition(epoch: lost?.epoch ?? 0, seq: lost?.seq ?? 0)]
        ])
        #expect(try await unread() == 1)
      }
    }
  }

  @Test("Conversations come page by page, each once, and previews are short")
  func pages() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      for index in 0..<5 {
        let other = try await probed.person("u\(index)")
        try await probed.say(
          String(repeating: "x", count: 1000), in: "p:\(ann.id):\(other.id)", as: other)
      }
      try await probed.cluster.withRoute { route in
        var request = CimV1.ListConversationsRequest(pageSize: 2)
        var pages: [[String]] = []
        repeat {
          let page = try await route.listConversations(request, options: ann.bearer)
          pages.append(page.conversations.map(\.conversation))
          for summary in page.conversations {
            #expect(summary.preview?.content?.kind == .text(String(repeating: "x", count: 256)))
          }
          request.pageToken = page.nextPageToken
        } while !request.pageToken.isEmpty && pages.count < 9
        #expect(pages.map(\.count) == [2, 2, 1] && Set(pages.joined()).count == 5)
      }
    }
  }

  @Test("A conversation is noted once before its first message, and what is not said leaves no line")
  func notes() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let pair = "p:\(ann.id):\(bob.id)"
      for text in ["1", "2", "3"] { try await probed.say(text, in: pair, as: ann) }
      try await probed.say("4", in: pair, as: bob)
      #expect(probed.held.count(.note) == 1)
      probed.held.fail(.note)
      let other = "p:\(ann.id):\(ann.id)"
      let error = try await status { try await probed.say("x", in: other, as: ann) }
      #expect(error.code == .unavailable)
      #expect(try await probed.stores.log.tail(of: Conversation(other)) == nil)
      // Noted, and nothing said.
      try await probed.stores.contacts.note(UserPair(ann.account.id, UserID(77)))
      try await probed.cluster.withRoute { route in
        let lines = try await route.listConversations(CimV1.ListConversationsRequest(), options: ann.bearer)
        #expect(lines.conversations.map(\.conversation) == [pair])
      }
      #expect(try await probed.stores.contacts.contacts(of: ann.account.id).count == 2, "it is young")
    }
  }

  @Test("A blocked user's private messages are refused with a reason of their own, until they are not")
  func block() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let pair = "p:\(ann.id):\(bob.id)"
      try await probed.cluster.withRoute { route in
        let block = CimV1.BlockUserRequest(userID: bob.id)
        let unblock = CimV1.UnblockUserRequest(userID: bob.id)
        #expect(try await route.blockUser(block, options: ann.bearer).blocked)
        #expect(try await !route.blockUser(block, options: ann.bearer).blocked)
        let calls = probed.held.count(.append)
        let refused = try await status { try await probed.say("hi", in: pair, as: bob) }
        #expect(refused.code == .permissionDenied && refused.message.contains("does not take"), "\(refused)")
        let own = try await status { try await probed.say("hi", in: pair, as: ann) }
        #expect(own.code == .permissionDenied && own.message.contains("unblock"), "\(own)")
        // It is found out by the append itself.
        #expect(probed.held.count(.append) == calls + 2)
        try await probed.say("all", in: "lobby", as: bob)
        #expect(
          try await route.listBlocked(CimV1.ListBlockedRequest(), options: ann.bearer).users.map(\.name)
            == ["bob"])
        #expect(try await route.listBlocked(CimV1.ListBlockedRequest(), options: bob.bearer).users == [])
        #expect(try await route.unblockUser(unblock, options: ann.bearer).unblocked)
        #expect(try await !route.unblockUser(unblock, options: ann.bearer).unblocked)
        try await probed.say("hi", in: pair, as: bob)

        let wrong: [(RPCError, StatusCode, String)] = [
          (
            try await status { try await route.blockUser(.init(userID: 0), options: ann.bearer) },
            .invalidArgument, "user_id"
          ),
          (
            try await status { try await route.blockUser(.init(userID: ann.id), options: ann.bearer) },
            .invalidArgument, "user_id"
          ),
          (
            try await status { try await route.blockUser(.init(userID: 99), options: ann.bearer) }, .notFound,
            "99"
          ),
          (
            try await status { try await route.unblockUser(.init(userID: 0), options: ann.bearer) },
            .invalidArgument, "user_id"
          ),
          (
            try await status { try await route.listBlocked(.init(pageSize: 1001), options: ann.bearer) },
            .invalidArgument, "page_size"
          ),
          (
            try await status { try await route.listBlocked(.init(pageToken: "x"), options: ann.bearer) },
            .invalidArgument, "page_token"
          ),
        ]
        for (error, code, word) in wrong {
          #expect(error.code == code && error.message.contains(word), "\(error)")
        }
        #expect(try await route.listBlocked(CimV1.ListBlockedRequest(), options: ann.bearer).users == [])
      }
    }
  }
}

extension ProbedRoute {
  /// Returns when the clock has gone on: what comes next was said later.
  fileprivate func later() async throws {
    let now = Timestamp.now()
    try await eventually("the clock goes on") { Timestamp.now() > now }
  }
}
