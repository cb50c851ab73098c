import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import TestSupport
import Testing

@Suite("What sessions may have missed", .timeLimit(.minutes(1)))
struct SyncTests {
  /// A lease and a tolerance that are over at once.
  private static let shortLease: MessageLogLimits = {
    var limits = MessageLogLimits.defaults
    limits.markLeaseMilliseconds = 1
    limits.clockToleranceMilliseconds = 0
    return limits
  }()

  private func new(_ session: CimV1.SessionRef, cursors: [CimV1.Cursor] = []) -> CimV1.SyncSession {
    CimV1.SyncSession(session: session, isNew: true, cursors: cursors)
  }

  private func cursor(_ conversation: String, _ position: CimV1.LogPosition?) -> CimV1.Cursor {
    CimV1.Cursor(conversation: conversation, position: position)
  }

  @Test("Sessions are answered in the order of the request, each with what was said to it while it was away")
  func order() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let direct = "\(Conversation.direct(between: ann.account.id, and: bob.account.id))"
      let said = try await probed.say("hi", in: direct, as: ann)
      let (first, second) = (try await probed.connect(bob), try await probed.connect(ann))
      let result = try await probed.probe.sync(new(first), CimV1.SyncSession(), new(second))
      #expect(result.sessions.map(\.session) == [first, nil, second])
      #expect(
        result.sessions[0].feeds.first { $0.conversation == direct }
          == CimV1.Feed(conversation: direct, tail: said.position))
      #expect(result.sessions[1].feeds.isEmpty)
      #expect(result.sessions[2].feeds.map(\.conversation) == ["lobby"], "The sender is not marked.")
    }
  }

  @Test(
    "A new device is at the lobby's tail as it was when it was let in, also when nothing had been said yet")
  func lobby() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let early = try await probed.connect(ann)
      try await probed.write(3, to: .lobby, as: bob)
      let session = try await probed.connect(bob)
      try await probed.write(2, to: .lobby, as: ann)
      let result = try await probed.probe.sync(new(early), new(session))
      let lobby = result.sessions.map { $0.feeds.first { $0.conversation == "lobby" } }
      #expect(lobby[0]?.last == nil && lobby[0]?.tail?.seq == 5)
      #expect(lobby[1]?.last?.seq == 3 && lobby[1]?.tail?.seq == 5)
      let told = try await probed.probe.sync(new(session, cursors: [cursor("lobby", lobby[0]?.tail)]))
      #expect(told.sessions[0].feeds.first?.last?.seq == 5, "What the client says counts more.")
    }
  }

  @Test("A mark is cleared once the user has everything and its lease is over, and not before")
  func marks() async throws {
    try await ProbedRoute.run(limits: Self.shortLease) { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let conversation = Conversation.direct(between: ann.account.id, and: bob.account.id)
      _ = try await probed.stores.log.markDirty(conversation, for: [bob.account.id])
      let entries = try await probed.write(2, to: conversation, as: ann)
      let session = try await probed.connect(bob)
      func marked() async throws -> Bool {
        try await probed.stores.log.dirtyMarks(of: [bob.account.id], olderThan: 0, limit: 1)[bob.account.id]
          != nil
      }
      try await eventually("the lease is over") {
        try await probed.stores.log.dirtyMarks(of: [bob.account.id], olderThan: 0, limit: 1)[bob.account.id]?
          .first?.isPastLease == true
      }
      for (seq, isDone) in [(1, false), (2, true)] {
        let place = CimV1.LogPosition(entries[seq - 1].position)
        probed.probe.send(
          .ack(
            CimV1.LinkAck(sessions: [
              CimV1.SessionCursors(session: session, cursors: [cursor("\(conversation)", place)])
            ])))
        try await probed.held.waitFor(seq, .advance)
        try await eventually("the cursor is stored") {
          try await probed.stores.cursors.cursor(of: bob.account.id, in: conversation)
            == entries[seq - 1].position
        }
        _ = try await probed.probe.sync(new(session))
        if isDone {
          try await eventually("the mark is cleared") { try await !marked() }
        } else {
          #expect(try await marked())
        }
      }
    }
  }

  @Test("A mark is kept while one of the user's devices that are online lacks what it stands for")
  func marksOfSeveralDevices() async throws {
    try await ProbedRoute.run(limits: Self.shortLease) {
      $0.loginPolicy = .all
    } _: { probed in
      let ann = try await probed.person("ann")
      let (phone, laptop) = (
        try await probed.person("bob", device: "phone"), try await probed.person("bob", device: "laptop")
      )
      let sessions = [try await probed.connect(phone), try await probed.connect(laptop)]
      let conversation = Conversation.direct(between: ann.account.id, and: phone.account.id)
      _ = try await probed.stores.log.markDirty(conversation, for: [phone.account.id])
      let entry = try #require(try await probed.write(1, to: conversation, as: ann).first)
      func marks() async throws -> [DirtyMark] {
        try await probed.stores.log.dirtyMarks(of: [phone.account.id], olderThan: 0, limit: 9)[
          phone.account.id]
          ?? []
      }
      try await eventually("the lease is over") { try await marks().first?.isPastLease == true }
      for (index, session) in sessions.enumerated() {
        let place = cursor("\(conversation)", CimV1.LogPosition(entry.position))
        probed.probe.send(
          .ack(CimV1.LinkAck(sessions: [CimV1.SessionCursors(session: session, cursors: [place])])))
        let device = UserDevice(user: phone.account.id, device: try DeviceID(session.deviceID))
        try await eventually("the place is stored") {
          try await probed.stores.cursors.cursors(of: [device])[device]?.device[conversation]
            == entry.position
        }
        let result = try await probed.probe.sync(new(sessions[0]), new(sessions[1]))
        guard index == 0 else { continue }
        // Whichever is asked for, and once more, behind what the first answer may have set going.
        _ = try await probed.probe.sync(new(sessions[0]))
        #expect(probed.held.count(.clearDirty) == 0)
        #expect(try await marks().count == 1)
        let feed = result.sessions[1].feeds.first { $0.conversation == "\(conversation)" }
        #expect(feed?.last == nil && feed?.tail == CimV1.LogPosition(entry.position))
      }
      try await eventually("the mark is cleared") { try await marks().isEmpty }
    }
  }

  @Test("However many sessions are asked for, the store is asked the same few times")
  func batch() async throws {
    try await ProbedRoute.run { probed in
      var sessions: [CimV1.SyncSession] = []
      let ann = try await probed.person("ann")
      for index in 0..<20 {
        let person = try await probed.person("u\(index)")
        sessions.append(new(try await probed.connect(person)))
        try await probed.say("x", in: "p:\(ann.id):\(person.id)", as: ann)
      }
      let before = [StoreCall.Method.dirtyMarks, .cursors, .tails].map { probed.held.count($0) }
      probed.probe.send(.sync(CimV1.Sync(requestID: 999, sessions: sessions)))
      let result = try await probed.probe.next("the result") { frame -> CimV1.SyncResult? in
        if case .syncResult(let result) = frame, result.requestID == 999 { result } else { nil }
      }
      #expect(result.sessions.allSatisfy { $0.feeds.count == 2 })
      #expect(
        [StoreCall.Method.dirtyMarks, .cursors, .tails].map { probed.held.count($0) } == before.map { $0 + 1 }
      )
      // Of sessions that are not new, most have no marks: one question for all.
      let idle = CimV1.SyncSession(session: try await probed.connect(ann))
      _ = try await probed.probe.sync(idle, idle)
      #expect(probed.held.count(.dirtyMarks) == before[0] + 2)
      #expect(probed.held.count(.cursors) == before[1] + 1)
    }
  }

  @Test("A store that is away is said, and tails are told when they are asked for")
  func unavailable() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      let session = try await probed.connect(ann)
      try await probed.write(3, to: .lobby, as: ann)
      probed.held.fail(.dirtyMarks)
      #expect(try await probed.probe.sync(new(session)).unavailable)
      #expect(try await !probed.probe.sync(new(session)).unavailable)
      probed.probe.send(.tailsQuery(CimV1.TailsQuery(conversations: ["lobby", "p:1:2"])))
      let tails = try await probed.probe.nextTails()
      #expect(tails.tails.map(\.conversation) == ["lobby"] && tails.tails[0].position?.seq == 3)
    }
  }
}
