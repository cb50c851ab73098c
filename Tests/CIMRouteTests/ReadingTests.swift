import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("Reading and receipts", .timeLimit(.minutes(1)))
struct ReadingTests {
  private func status(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  private func people(
    _ probed: ProbedRoute
  ) async throws -> (ann: ProbedRoute.Person, bob: ProbedRoute.Person, pair: String) {
    let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
    return (ann, bob, "p:\(ann.id):\(bob.id)")
  }

  @Test("Reading is noted, never goes back, and is told to all of the user's devices and to who wrote it")
  func markRead() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob, pair) = try await people(probed)
      let annsPhone = try await probed.connect(ann)
      let bobsPhone = try await probed.connect(bob)
      let first = try await probed.say("1", in: pair, as: ann).position
      let second = try await probed.say("2", in: pair, as: ann).position
      try await probed.cluster.withRoute { route in
        let read = try await route.markRead(
          CimV1.MarkReadRequest(conversation: pair, position: second), options: bob.bearer)
        #expect(read.moved && read.position == second)
        let marks = try await probed.probe.next("read marks") {
          if case .readMarks(let marks) = $0 { marks } else { nil }
        }
        #expect(marks.sessions == [bobsPhone])
        #expect(marks.readMarks?.cursors == [CimV1.Cursor(conversation: pair, position: second)])
        let told = try await probed.probe.next("receipts") {
          if case .receipts(let told) = $0 { told } else { nil }
        }
        #expect(told.receipts.count == 1 && told.receipts[0].sessions == [annsPhone])
        #expect(
          told.receipts[0].receipt
            == CimV1.Receipt(
              conversation: pair, reader: CimV1.User(id: bob.id, name: "bob"), position: second, kind: .read))
        let back = try await route.markRead(
          CimV1.MarkReadRequest(conversation: pair, position: first), options: bob.bearer)
        #expect(!back.moved && back.position == second)
      }
      #expect(probed.statistics.receipts == 1)
    }
  }

  @Test(
    "A device's acknowledgement becomes a receipt for who wrote it, and many of them one; one's own do not")
  func delivered() async throws {
    try await ProbedRoute.run {
      $0.receiptInterval = .milliseconds(300)
    } _: { probed in
      let (ann, bob, pair) = try await people(probed)
      let annsPhone = try await probed.connect(ann)
      let bobsPhone = try await probed.connect(bob)
      var last: CimV1.LogPosition?
      for number in 1...20 {
        last = try await probed.say("\(number)", in: pair, as: ann).position
        for session in [annsPhone, bobsPhone] {
          probed.probe.send(
            .ack(
              CimV1.LinkAck(sessions: [
                CimV1.SessionCursors(
                  session: session, cursors: [CimV1.Cursor(conversation: pair, position: last)])
              ])))
        }
      }
      var receipts: [CimV1.LinkReceipt] = []
      while receipts.last?.receipt?.position != last {
        receipts += try await probed.probe.next("receipts") {
          if case .receipts(let told) = $0 { told } else { nil }
        }
        .receipts
      }
      #expect(receipts.count < 20, "\(receipts.count)")
      #expect(receipts.allSatisfy { $0.sessions == [annsPhone] && $0.receipt?.kind == .delivered })
      #expect(receipts.allSatisfy { $0.receipt?.reader?.id == bob.id })
    }
  }

  @Test("In a small group all who wrote are told; in a large one, and in the lobby, nobody")
  func groups() async throws {
    try await ProbedRoute.run(interest: []) {
      $0.maxReceiptMembers = 3
      $0.receiptInterval = .milliseconds(1)
    } _: { probed in
      var people: [ProbedRoute.Person] = []
      var sessions: [CimV1.SessionRef] = []
      for name in ["ann", "bob", "eve", "dan"] {
        people.append(try await probed.person(name))
        sessions.append(try await probed.connect(people[people.count - 1]))
      }
      let (ann, bob, eve, dan) = (people[0], people[1], people[2], people[3])
      let (phones, group) = (sessions, "g:cats")
      try await probed.cluster.withRoute { route in
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: ann.bearer)
        for member in [bob, eve] {
          _ = try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "cats"), options: member.bearer)
        }
        let hers = try await probed.say("hi", in: group, as: ann).position
        let his = try await probed.say("ho", in: group, as: bob).position
        func read(_ position: CimV1.LogPosition?, as person: ProbedRoute.Person) async throws {
          _ = try await route.markRead(
            CimV1.MarkReadRequest(conversation: group, position: position), options: person.bearer)
        }
        try await read(hers, as: eve)
        var told = try await probed.probe.next("receipts") {
          if case .receipts(let told) = $0 { told } else { nil }
        }
        #expect(Set(told.receipts.flatMap(\.sessions)) == [phones[0], phones[1]])
        try await read(his, as: eve)
        told = try await probed.probe.next("receipts") {
          if case .receipts(let told) = $0 { told } else { nil }
        }
        #expect(told.receipts.flatMap(\.sessions) == [phones[1]], "ann has said nothing since")
        try await read(his, as: bob)
        told = try await probed.probe.next("receipts") {
          if case .receipts(let told) = $0 { told } else { nil }
        }
        #expect(Set(told.receipts.flatMap(\.sessions)) == [phones[0], phones[2]], "joining is an entry, too")

        let readers = try await route.listReaders(
          CimV1.ListReadersRequest(conversation: group), options: ann.bearer
        ).readers
        #expect(readers.map { $0.user?.name } == ["bob", "eve"] && readers.map(\.read) == [his, his])

        _ = try await route.joinGroup(CimV1.JoinGroupRequest(groupID: "cats"), options: dan.bearer)
        let told1 = probed.statistics.receipts
        try await read(try await probed.say("now", in: group, as: ann).position, as: bob)
        let refused = try await status {
          try await route.listReaders(CimV1.ListReadersRequest(conversation: group), options: ann.bearer)
        }
        #expect(refused.code == .failedPrecondition && refused.message.contains("at most 3"), "\(refused)")
        let lobby = try await probed.say("all", in: "lobby", as: ann).position
        _ = try await route.markRead(
          CimV1.MarkReadRequest(conversation: "lobby", position: lobby), options: bob.bearer)
        // Something that comes after both.
        let pair = "p:\(ann.id):\(bob.id)"
        let last = try await probed.say("you", in: pair, as: ann).position
        _ = try await route.markRead(
          CimV1.MarkReadRequest(conversation: pair, position: last), options: bob.bearer)
        told = try await probed.probe.next("receipts") {
          if case .receipts(let told) = $0 { told } else { nil }
        }
        #expect(told.receipts.map { $0.receipt?.conversation } == [pair])
        #expect(probed.statistics.receipts == told1 + 1)
      }
    }
  }

  @Test(
    "What servers pass on counts where the user has a part; a new session is told all that its user has read")
  func fromServers() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob, pair) = try await people(probed)
      let phone = try await probed.connect(bob)
      let last = try await probed.say("1", in: pair, as: ann).position
      let lobby = try await probed.say("2", in: "lobby", as: ann).position
      let far = CimV1.LogPosition(epoch: last?.epoch ?? 0, seq: 1000)
      probed.probe.send(
        .read(
          CimV1.LinkRead(sessions: [
            CimV1.SessionCursors(
              session: phone,
              cursors: [
                CimV1.Cursor(conversation: pair, position: far),
                CimV1.Cursor(conversation: "lobby", position: lobby),
                CimV1.Cursor(conversation: "p:77:78", position: last),
                CimV1.Cursor(conversation: "g:cats", position: last),
                CimV1.Cursor(conversation: "p:\(bob.id):999", position: last),
                CimV1.Cursor(conversation: "nonsense", position: last), CimV1.Cursor(conversation: pair),
              ])
          ])))
      let expected = [
        CimV1.Cursor(conversation: "lobby", position: lobby),
        CimV1.Cursor(conversation: pair, position: last),
      ]
      let marks = try await probed.probe.next("read marks") {
        if case .readMarks(let marks) = $0 { marks } else { nil }
      }
      #expect(marks.readMarks?.cursors.sorted { $0.conversation < $1.conversation } == expected)
      #expect(try await probed.stores.reads.marks(of: [bob.account.id])[bob.account.id]?.count == 2)
      let sync = try await probed.probe.sync(CimV1.SyncSession(session: phone, isNew: true))
      #expect(sync.sessions[0].readMarks.sorted { $0.conversation < $1.conversation } == expected)
      let again = try await probed.probe.sync(CimV1.SyncSession(session: phone, isNew: false))
      #expect(again.sessions[0].readMarks == [])
    }
  }

  @Test("A store that is away loses no read mark, and only receipts")
  func outage() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob, pair) = try await people(probed)
      let phone = try await probed.connect(bob)
      let last = try await probed.say("1", in: pair, as: ann).position
      probed.held.fail(.advanceReads)
      probed.probe.send(
        .read(
          CimV1.LinkRead(sessions: [
            CimV1.SessionCursors(
              session: phone, cursors: [CimV1.Cursor(conversation: pair, position: last)])
          ])))
      let marks = try await probed.probe.next("read marks") {
        if case .readMarks(let marks) = $0 { marks } else { nil }
      }
      #expect(marks.readMarks?.cursors == [CimV1.Cursor(conversation: pair, position: last)])
      probed.held.fail(.ends)
      let next = try await probed.say("2", in: pair, as: ann).position
      try await probed.cluster.withRoute { route in
        _ = try await route.markRead(
          CimV1.MarkReadRequest(conversation: pair, position: next), options: bob.bearer)
      }
      try await eventually("the receipt is dropped") { probed.statistics.droppedReceipts > 0 }
    }
  }

  @Test("Bad fields are named, and nothing changes")
  func badFields() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob, pair) = try await people(probed)
      let last = try await probed.say("1", in: pair, as: ann).position
      let far = CimV1.LogPosition(epoch: last?.epoch ?? 0, seq: 2)
      let zero = CimV1.LogPosition(epoch: 1, seq: 0)
      try await probed.cluster.withRoute { route in
        let marks: [(String, CimV1.LogPosition?, StatusCode, String)] = [
          ("", last, .invalidArgument, "conversation"), ("p:2:1", last, .invalidArgument, "conversation"),
          (pair, nil, .invalidArgument, "position"), (pair, zero, .invalidArgument, "position"),
          (pair, far, .invalidArgument, "position"), ("p:\(bob.id):99", last, .invalidArgument, "position"),
          ("p:77:78", last, .permissionDenied, "p:77:78"), ("g:cats", last, .permissionDenied, "g:cats"),
        ]
        for (conversation, position, code, word) in marks {
          let error = try await status {
            try await route.markRead(
              CimV1.MarkReadRequest(conversation: conversation, position: position), options: bob.bearer)
          }
          #expect(error.code == code && error.message.contains(word), "\(error)")
        }
        #expect(try await probed.stores.reads.marks(of: [bob.account.id]) == [:])
        let lists: [(CimV1.ListReadersRequest, StatusCode, String)] = [
          (.init(conversation: "x"), .invalidArgument, "conversation"),
          (.init(conversation: pair, position: zero), .invalidArgument, "position"),
          (.init(conversation: pair, pageSize: 1001), .invalidArgument, "page_size"),
          (.init(conversation: pair, pageToken: "x"), .invalidArgument, "page_token"),
          (.init(conversation: "lobby"), .failedPrecondition, "lobby"),
          (.init(conversation: "p:77:78"), .permissionDenied, "p:77:78"),
        ]
        for (request, code, word) in lists {
          let error = try await status { try await route.listReaders(request, options: bob.bearer) }
          #expect(error.code == code && error.message.contains(word), "\(error)")
        }
        for (request, word) in [
          (CimV1.ListConversationsRequest(pageSize: 101), "page_size"),
          (.init(pageToken: "8 x"), "page_token"),
        ] {
          let error = try await status { try await route.listConversations(request, options: bob.bearer) }
          #expect(error.code == .invalidArgument && error.message.contains(word), "\(error)")
        }
        let anonymous = [
          try await status { try await route.markRead(CimV1.MarkReadRequest()) },
          try await status { try await route.listReaders(CimV1.ListReadersRequest()) },
          try await status { try await route.listConversations(CimV1.ListConversationsRequest()) },
          try await status { try await route.blockUser(CimV1.BlockUserRequest()) },
          try await status { try await route.unblockUser(CimV1.UnblockUserRequest()) },
          try await status { try await route.listBlocked(CimV1.ListBlockedRequest()) },
        ]
        #expect(anonymous.allSatisfy { $0.code == .unauthenticated })
      }
    }
  }
}
