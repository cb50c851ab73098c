import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("The API of delayed messages", .timeLimit(.minutes(1)))
struct DelayedAPITests {
  private func status(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  private func request(
    _ text: String, to target: CimV1.ScheduleSendRequest.Target? = .conversation("lobby"),
    _ time: CimV1.ScheduleSendRequest.Time? = .delayMs(3_600_000), key: String = ""
  ) -> CimV1.ScheduleSendRequest {
    CimV1.ScheduleSendRequest(
      target: target, content: CimV1.Content(kind: .text(text), properties: ["a": "b"]), time: time,
      idempotencyKey: key)
  }

  @Test("A message is sent when its time has come, as its sender's, and is not listed any more")
  func sent() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      let taking = probed.held.hold(.take)
      try await taking.reached()
      try await probed.cluster.withRoute { route in
        let answer = try await route.scheduleSend(
          request("later", to: .userID(bob.id), .delayMs(300)), options: ann.bearer)
        #expect(answer.conversation == "p:\(ann.id):\(bob.id)" && !answer.duplicate)
        let listed = try await route.listScheduled(CimV1.ListScheduledRequest(), options: ann.bearer).messages
        #expect(listed.count == 1 && listed.first?.id == answer.id)
        #expect(listed.first?.content == request("later").content)
        #expect(listed.first?.state == .waiting && listed.first?.sendAtMs == answer.sendAtMs)
        taking.release()
        try await eventually("it is sent") { probed.statistics.delayedSent == 1 }
        let history = try await route.history(
          CimV1.HistoryRequest(conversation: answer.conversation), options: bob.bearer)
        let message = try #require(history.messages.first)
        #expect(history.messages.count == 1 && message.content == request("later").content)
        #expect(message.sender?.id == ann.id && message.sendID?.producer == answer.id)
        #expect(message.loggedAtMs >= answer.sendAtMs)
        try await eventually("nothing is listed") {
          try await route.listScheduled(CimV1.ListScheduledRequest(), options: ann.bearer).messages.isEmpty
        }
      }
    }
  }

  @Test("A moment that has passed is now")
  func past() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        _ = try await route.scheduleSend(request("late", .sendAtMs(0)), options: ann.bearer)
        _ = try await route.scheduleSend(request("now", .delayMs(0)), options: ann.bearer)
      }
      try await eventually("both are sent") { probed.statistics.delayedSent == 2 }
    }
  }

  @Test("What is not valid is refused by the name of its field, and nothing is kept")
  func refused() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        let far = Int64(Timestamp.now().milliseconds) + 367 * 24 * 3_600_000
        let calls: [(CimV1.ScheduleSendRequest, StatusCode, String)] = [
          (request("x", to: nil), .invalidArgument, "target"),
          (request("x", to: .userID(0)), .invalidArgument, "user_id"),
          (request("x", to: .userID(99)), .notFound, "99"),
          (request("x", to: .conversation("nonsense")), .invalidArgument, "conversation"),
          (request("x", to: .conversation("p:77:78")), .invalidArgument, "conversation"),
          (request("x", to: .conversation("g:cats")), .notFound, "group"),
          (request(""), .invalidArgument, "content.text"),
          (request("x", nil), .invalidArgument, "time"),
          (request("x", .delayMs(-1)), .invalidArgument, "delay_ms"),
          (request("x", .delayMs(.max)), .invalidArgument, "delay_ms"),
          (request("x", .sendAtMs(-1)), .invalidArgument, "send_at_ms"),
          (request("x", .sendAtMs(far)), .invalidArgument, "send_at_ms"),
          (request("x", key: String(repeating: "k", count: 65)), .invalidArgument, "idempotency_key"),
        ]
        for (request, code, field) in calls {
          let status = try await status { try await route.scheduleSend(request, options: ann.bearer) }
          #expect(status.code == code && status.message.contains(field), "\(field): \(status)")
        }
        let list = CimV1.ListScheduledRequest()
        #expect(try await route.listScheduled(list, options: ann.bearer).messages.isEmpty)
        let anonymous = [
          try await status { try await route.scheduleSend(request("x")) },
          try await status { try await route.listScheduled(list) },
          try await status { try await route.cancelScheduled(CimV1.CancelScheduledRequest(id: "x")) },
        ]
        #expect(anonymous.map(\.code) == [.unauthenticated, .unauthenticated, .unauthenticated])
        for list in [CimV1.ListScheduledRequest(pageSize: 201), .init(pageToken: "nonsense")] {
          let status = try await status { try await route.listScheduled(list, options: ann.bearer) }
          #expect(status.code == .invalidArgument && status.message.contains("page_"))
        }
      }
    }
  }

  @Test("A call that is repeated under its key schedules nothing again")
  func repeated() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        let first = try await route.scheduleSend(request("x", key: "order 1"), options: ann.bearer)
        var again = first
        again.duplicate = true
        #expect(try await route.scheduleSend(request("x", key: "order 1"), options: ann.bearer) == again)
        let list = CimV1.ListScheduledRequest()
        #expect(try await route.listScheduled(list, options: ann.bearer).messages.count == 1)
      }
    }
  }

  @Test("Pages name the next one, and end before they are too long for a frame")
  func pages() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        let text = String(repeating: "x", count: 60_000)
        for number in 0..<70 {
          _ = try await route.scheduleSend(
            request(text, .delayMs(3_600_000 + Int64(number) * 1000)), options: ann.bearer)
        }
        var times: [Int64] = []
        var token = ""
        var pages = 0
        repeat {
          let page = try await route.listScheduled(
            CimV1.ListScheduledRequest(pageSize: 65, pageToken: token), options: ann.bearer)
          times += page.messages.map(\.sendAtMs)
          token = page.nextPageToken
          pages += 1
        } while !token.isEmpty
        #expect(times.count == 70 && times == times.sorted())
        #expect(pages == 2)
      }
    }
  }

  @Test("A message is cancelled once, by its sender, and is not sent")
  func cancelled() async throws {
    try await ProbedRoute.run { probed in
      let (ann, bob) = (try await probed.person("ann"), try await probed.person("bob"))
      try await probed.cluster.withRoute { route in
        let id = try await route.scheduleSend(request("x"), options: ann.bearer).id
        let cancel = CimV1.CancelScheduledRequest(id: id)
        #expect(
          try await status { try await route.cancelScheduled(cancel, options: bob.bearer) }.code == .notFound)
        #expect(try await route.cancelScheduled(cancel, options: ann.bearer).cancelled)
        #expect(
          try await status { try await route.cancelScheduled(cancel, options: ann.bearer) }.code == .notFound)
        let invalid = try await status {
          try await route.cancelScheduled(CimV1.CancelScheduledRequest(id: "}"), options: ann.bearer)
        }
        #expect(invalid.code == .invalidArgument && invalid.message.contains("id"))
      }
    }
  }

  @Test("What can't be sent any more when its time has come is listed with the reason, and can be removed")
  func failed() async throws {
    try await ProbedRoute.run { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        _ = try await route.createGroup(CimV1.CreateGroupRequest(groupID: "cats"), options: ann.bearer)
        let take = probed.held.hold(.take)
        try await take.reached()
        let answer = try await route.scheduleSend(
          request("x", to: .conversation("g:cats"), .delayMs(0)), options: ann.bearer)
        _ = try await route.leaveGroup(CimV1.LeaveGroupRequest(groupID: "cats"), options: ann.bearer)
        take.release()
        let list = CimV1.ListScheduledRequest()
        try await eventually("it has failed") {
          try await route.listScheduled(list, options: ann.bearer).messages.first?.state == .failed
        }
        let failed = try await route.listScheduled(list, options: ann.bearer).messages.first
        #expect(failed?.id == answer.id && failed?.failure?.reason == .notAMember)
        #expect(failed?.failure?.detail.contains("member") == true)
        #expect(probed.statistics.delayedFailed == 1 && probed.statistics.delayedSent == 0)
        let cancel = CimV1.CancelScheduledRequest(id: answer.id)
        #expect(try await route.cancelScheduled(cancel, options: ann.bearer).cancelled)
        #expect(try await route.listScheduled(list, options: ann.bearer).messages.isEmpty)
      }
    }
  }

  @Test("A user has a limited number of messages, and is told of the limit")
  func bound() async throws {
    var limits = DelayedLimits.defaults
    limits.perUser = 2
    let stores = Stores.inMemory(delayed: limits)
    try await Cluster.run {
      $0.stores = stores
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let options = CallOptions(metadata: ["authorization": "Bearer \(ann.token)"])
      try await cluster.withRoute { route in
        for _ in 1...2 { _ = try await route.scheduleSend(request("x"), options: options) }
        let status = try await status { try await route.scheduleSend(request("x"), options: options) }
        #expect(status.code == .resourceExhausted && status.message.contains("2 messages"))
      }
      await ann.leave()
    }
  }
}
