import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("How sure a sender wants to be", .timeLimit(.minutes(1)))
struct AckLevelTests {
  private func link(
    _ person: ProbedRoute.Person, _ session: CimV1.SessionRef, counter: UInt64, to conversation: String,
    level: CimV1.AckLevel
  ) -> CimV1.LinkResponse.Frame {
    .send(
      CimV1.LinkSend(
        requestID: counter, sender: CimV1.User(id: person.id, name: person.account.name.rawValue),
        deviceID: person.device,
        send: CimV1.Send(
          sendID: CimV1.SendId(producer: "p", conversation: conversation, counter: counter),
          content: CimV1.Content(kind: .text("hi")), ackLevel: level),
        sessionEpoch: session.sessionEpoch))
  }

  private func ack(_ session: CimV1.SessionRef, _ conversation: String, _ position: CimV1.LogPosition?)
    -> CimV1.LinkResponse.Frame
  {
    let cursor = CimV1.Cursor(conversation: conversation, position: position)
    return .ack(CimV1.LinkAck(sessions: [CimV1.SessionCursors(session: session, cursors: [cursor])]))
  }

  private func result(_ probe: ProbeServer) async throws -> CimV1.SendResult {
    try await probe.next("the send's result") { frame -> CimV1.SendResult? in
      if case .sendResult(let result) = frame { result.result } else { nil }
    }
  }

  private func delivered(_ probe: ProbeServer) async throws -> CimV1.LinkDelivered {
    try await probe.next("the word that it has arrived") { frame -> CimV1.LinkDelivered? in
      if case .delivered(let delivered) = frame { delivered } else { nil }
    }
  }

  @Test(
    "The sender's session is told when a device of the receiver has the message, and a resend is answered so")
  func arrival() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let (sender, receiver) = (try await probed.connect(ann), try await probed.connect(bob))
      let conversation = "p:\(ann.id):\(bob.id)"
      let send = link(ann, sender, counter: 1, to: conversation, level: .delivered)
      probed.probe.send(send)
      guard case .accepted(let accepted) = try await result(probed.probe).outcome else {
        Issue.record("the message was not accepted")
        return
      }
      #expect(accepted.reached == .logged)
      let delivery = try await probed.probe.nextDelivery()
      #expect(delivery.message?.position == accepted.position)
      probed.probe.send(ack(receiver, conversation, accepted.position))
      let told = try await delivered(probed.probe)
      #expect(told.session == sender)
      #expect(told.delivered?.position == accepted.position && told.delivered?.sendID?.counter == 1)
      probed.probe.send(send)
      guard case .accepted(let again) = try await result(probed.probe).outcome else {
        Issue.record("the message was not accepted again")
        return
      }
      #expect(again.duplicate && again.reached == .delivered)
      #expect(probed.statistics.deduplicated == 1 && probed.statistics.accepted == 1)
    }
  }

  @Test("A message that arrived before anybody waited for it is told all the same")
  func earlyArrival() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let (sender, receiver) = (try await probed.connect(ann), try await probed.connect(bob))
      let conversation = "p:\(ann.id):\(bob.id)"
      let lookup = probed.held.hold(.cursor)
      probed.probe.send(link(ann, sender, counter: 1, to: conversation, level: .delivered))
      _ = try await result(probed.probe)
      try await lookup.reached()
      let position = try await probed.probe.nextDelivery().message?.position
      // Past the route, as another route stores it.
      try await probed.stores.cursors.advance([
        CursorAdvance(
          UserDevice(user: bob.account.id, device: try DeviceID(receiver.deviceID)),
          to: [
            try Conversation(conversation): LogPosition(
              epoch: position?.epoch ?? 0, seq: position?.seq ?? 0)
          ])
      ])
      lookup.release()
      #expect(try await delivered(probed.probe).session == sender)
    }
  }

  @Test("Acknowledgements wait for a store that is away")
  func storeAway() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let receiver = try await probed.connect(bob)
      let conversation = Conversation.direct(between: ann.account.id, and: bob.account.id)
      let entry = try #require(try await probed.write(1, to: conversation, as: ann).first)
      probed.held.fail(.advance)
      probed.probe.send(ack(receiver, "\(conversation)", CimV1.LogPosition(entry.position)))
      try await eventually("the cursor is stored") {
        try await probed.stores.cursors.cursor(of: bob.account.id, in: conversation) == entry.position
      }
      #expect(probed.held.count(.advance) == 2)
    }
  }

  @Test(
    "A call waits for the arrival, whichever route hears of it, and says what was reached when its time is over"
  )
  func call() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let receiver = try await probed.connect(bob)
      let conversation = "p:\(ann.id):\(bob.id)"
      func send(timeout: Duration) async throws -> CimV1.AckLevel? {
        var options = ann.bearer
        options.timeout = timeout
        let request = CimV1.SendRequest(
          target: .userID(bob.id), content: CimV1.Content(kind: .text("hi")), ackLevel: .delivered)
        return try await probed.cluster.withRoute { [options] in
          try await $0.send(request, options: options).accepted?.reached
        }
      }
      #expect(try await send(timeout: .seconds(3)) == .logged)
      _ = try await probed.probe.nextDelivery()
      async let reached = send(timeout: .seconds(20))
      let position = try await probed.probe.nextDelivery().message?.position
      probed.probe.send(ack(receiver, conversation, position))
      #expect(try await reached == .delivered)
    }
  }

  @Test("Delivered can't be asked for in the lobby, nor can a level that is not known")
  func invalid() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      for level in [CimV1.AckLevel.delivered, CimV1.AckLevel(rawValue: 77)] {
        let error = await #expect(throws: RPCError.self) {
          try await probed.say("x", in: "lobby", as: ann, level: level)
        }
        #expect(error?.code == .invalidArgument)
        #expect(error?.message.contains("ack_level") == true)
      }
    }
  }

  @Test("A route that slept through its receiver's mark marks again, and appends then")
  func staleMark() async throws {
    let lease: UInt64 = 200
    var limits = MessageLogLimits.defaults
    limits.markLeaseMilliseconds = lease
    try await ProbedRoute.run(limits: limits) { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let append = probed.held.hold(.append)
      async let accepted = probed.say("hi", in: "p:\(ann.id):\(bob.id)", as: ann)
      try await append.reached()
      let conversation = Conversation.direct(between: ann.account.id, and: bob.account.id)
      let marked = try #require(
        try await probed.stores.log.dirtyMarks(of: [bob.account.id], olderThan: 0, limit: 1)[bob.account.id]?
          .first)
      try await eventually("the lease is over") {
        Timestamp.now().milliseconds > marked.markedAt.milliseconds + lease
      }
      append.release()
      #expect(try await accepted.position?.seq == 1)
      #expect(probed.held.count(.markDirty) == 2 && probed.held.count(.append) == 2)
      #expect(try await probed.stores.log.read(conversation, after: nil, limit: 9).count == 1)
    }
  }
}
