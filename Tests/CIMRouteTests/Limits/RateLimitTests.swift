import CIMCore
import CIMProtos
import CIMRoute
import CIMTestSupport
import NgRPC
import NgRPCProtos
import NgRPCStatusDetails
import TestSupport
import Testing

@Suite("Limits of rates", .timeLimit(.minutes(1)))
struct RateLimitTests {
  /// So many at once, and no more for an hour.
  private static func once(_ burst: Int) -> RateLimit { RateLimit(1, per: .hour, burst: burst)! }

  private func status(_ call: () async throws -> some Sendable) async throws -> RPCError {
    do {
      _ = try await call()
    } catch let error as RPCError {
      return error
    }
    throw DeadlineExceeded("the call was to fail and did not")
  }

  private func expectLimited(_ error: RPCError, by subject: String) throws {
    #expect(error.code == .resourceExhausted)
    let delay = try #require(try error.detail(RetryInfo.self)?.delay)
    #expect(delay > .seconds(3500) && delay <= .seconds(3600))
    #expect(try error.detail(QuotaFailure.self)?.violations.map(\.subject) == [subject])
  }

  private func request(_ text: String) -> CimV1.SendRequest {
    CimV1.SendRequest(target: .conversation("lobby"), content: CimV1.Content(kind: .text(text)))
  }

  @Test(
    "A user who sends too much through the API is told when to go on, whichever route is asked; others are not held up"
  )
  func shared() async throws {
    try await Cluster.run(servers: 1, routes: 2) {
      $0.route = { $0.limits.user = Self.once(6) }
    } _: { cluster in
      let ann = try await TestClient("ann", in: cluster)
      let bob = try await TestClient("bob", in: cluster)
      let options = { (client: TestClient) in
        CallOptions(metadata: ["authorization": "Bearer \(client.token)"])
      }
      for index in 0..<6 {
        try await cluster.withRoute(index % 2) { route in
          _ = try await route.send(request("\(index)"), options: options(ann))
        }
      }
      for index in 0..<2 {
        try await cluster.withRoute(index) { route in
          let error = try await status { try await route.send(request("too much"), options: options(ann)) }
          try expectLimited(error, by: "user:\(ann.user.id)")
          let later = CimV1.ScheduleSendRequest(
            target: .conversation("lobby"), content: CimV1.Content(kind: .text("x")), time: .delayMs(0))
          let scheduled = try await status { try await route.scheduleSend(later, options: options(ann)) }
          try expectLimited(scheduled, by: "user:\(ann.user.id)")
        }
      }
      try await cluster.withRoute { route in
        _ = try await route.send(request("bob may"), options: options(bob))
        let history = try await route.history(
          CimV1.HistoryRequest(conversation: "lobby"), options: options(ann))
        #expect(history.messages.count == 7)
      }
    }
  }

  @Test("A device that sends too much over its stream is refused for a time, and the counter is not consumed")
  func stream() async throws {
    try await ProbedRoute.run(configure: { $0.limits.device = RateLimit(4, per: .second, burst: 2)! }) {
      probed in
      let ann = try await probed.person("ann", device: "phone")
      let session = try await probed.connect(ann)
      let answers = try await probed.probe.say(["1", "2", "3"], as: ann, in: session)
      let isAccepted = answers.map { if case .accepted = $0 { true } else { false } }
      #expect(isAccepted == [true, true, false])
      guard case .refused(let refused) = answers[2] else { return }
      #expect(refused.reason == .rateLimited && 1...250 ~= refused.retryAfterMs)
      #expect(refused.detail.contains("phone"))
      #expect(probed.statistics.limited == 1)
      try await eventually("the same number is accepted") {
        let again = try await probed.probe.say(["3"], from: 3, as: ann, in: session)
        if case .accepted(let accepted)? = again.first { return accepted.position?.seq == 3 }
        return false
      }
    }
  }

  @Test("Logins and registrations are counted by address, each by itself")
  func addresses() async throws {
    try await Cluster.run(servers: 1, routes: 2) {
      $0.route = {
        $0.limits.logins = Self.once(2)
        $0.limits.registrations = Self.once(3)
      }
    } _: { cluster in
      var user = CimV1.User()
      for index in 0..<3 {
        let name = "user-\(index)"
        user = try await cluster.withRoute(index % 2) {
          try #require(try await $0.register(CimV1.RegisterRequest(name: name)).user)
        }
      }
      let login = CimV1.LoginRequest(userID: user.id, name: user.name, deviceID: "d")
      for index in 0..<2 { try await cluster.withRoute(index) { _ = try await $0.login(login) } }
      for index in 0..<2 {
        try await cluster.withRoute(index) { route in
          let registration = try await status { try await route.register(CimV1.RegisterRequest(name: "x")) }
          try expectLimited(registration, by: "clientip:127.0.0.1")
          try expectLimited(try await status { try await route.login(login) }, by: "clientip:127.0.0.1")
        }
      }
    }
  }

  @Test("A batch that is larger than what may be sent at once gets further with each call")
  func batch() async throws {
    try await ProbedRoute.run(configure: { $0.limits.user = RateLimit(40, per: .second, burst: 3)! }) {
      probed in
      let ann = try await probed.person("ann")
      let contents = (0..<20).map { CimV1.Content(kind: .text("\($0)")) }
      let request = CimV1.SendBatchRequest(
        target: .conversation("lobby"), contents: contents, idempotencyKey: "batch")
      try await probed.cluster.withRoute { route in
        var accepted = 0
        var calls = 0
        while accepted < contents.count, calls < 200 {
          let results = try await route.sendBatch(request, options: ann.bearer).results
          let now = results.prefix { if case .accepted = $0.outcome { true } else { false } }.count
          #expect(now >= accepted)
          accepted = now
          calls += 1
          guard now < results.count, case .refused(let refused) = results[now].outcome else { continue }
          #expect(refused.reason == .rateLimited)
          try await Task.sleep(for: .milliseconds(refused.retryAfterMs))
        }
        #expect(calls > 1)
        let history = try await route.history(
          CimV1.HistoryRequest(conversation: "lobby"), options: ann.bearer)
        #expect(history.messages.compactMap(\.content) == contents)
      }
    }
  }

  @Test("One who sends much takes tokens by the dozen, and one who is refused asks the store no more")
  func cost() async throws {
    try await ProbedRoute.run(configure: { $0.limits.user = Self.once(800) }) { probed in
      let ann = try await probed.person("ann")
      try await probed.cluster.withRoute { route in
        for index in 0..<200 { _ = try await route.send(request("\(index)"), options: ann.bearer) }
      }
      // 1 + 2 + 4 + ... + 64 + 64, and more where a busy machine lets leases pass.
      #expect(probed.held.count(.takeTokens) < 100)
      let bob = try await probed.person("bob")
      try await probed.cluster.withRoute { route in
        for _ in 0..<3 { _ = try await probed.stores.limits.take(800, by: Self.demand(of: bob)) }
        let before = probed.held.count(.takeTokens)
        for _ in 0..<20 {
          let error = try await status { try await route.send(request("x"), options: bob.bearer) }
          #expect(error.code == .resourceExhausted)
        }
        #expect(probed.held.count(.takeTokens) == before + 1)
      }
    }
  }

  private static func demand(of person: ProbedRoute.Person) -> TokenDemand {
    TokenDemand(sender: person.account.id, once(800), device: nil, nil)!
  }

  @Test(
    "While the store of limits is away sends are refused as unavailable; later ones are let through in their order"
  )
  func away() async throws {
    try await ProbedRoute.run(configure: { $0.limits.user = Self.once(800) }) { probed in
      let ann = try await probed.person("ann")
      let session = try await probed.connect(ann)
      probed.held.fail(.takeTokens)
      let first = try await probed.probe.say(["1"], as: ann, in: session)
      guard case .refused(let refused)? = first.first else { throw DeadlineExceeded("it was not refused") }
      #expect(refused.reason == .unavailable)
      let held = probed.held.hold(.takeTokens)
      async let answers = probed.probe.say((1...20).map { "\($0)" }, as: ann, in: session)
      try await held.reached()
      held.release()
      for answer in try await answers {
        guard case .accepted = answer else { throw DeadlineExceeded("\(String(describing: answer))") }
      }
      #expect(probed.held.count(.takeTokens) <= 10)
    }
  }
}

extension ProbeServer {
  /// Passes a client's messages to the lobby on, one right after the other.
  ///
  /// - Parameter counter: the first one's number; the others have the next ones.
  /// - Returns: what became of each.
  fileprivate func say(
    _ texts: [String], from counter: UInt64 = 1, as person: ProbedRoute.Person, in session: CimV1.SessionRef
  ) async throws -> [CimV1.SendResult.Outcome] {
    let requests = texts.map { _ in UInt64.random(in: 1_000_000...(.max)) }
    for (index, text) in texts.enumerated() {
      let sendID = CimV1.SendId(producer: "p", conversation: "lobby", counter: counter + UInt64(index))
      send(
        .send(
          CimV1.LinkSend(
            requestID: requests[index], sender: CimV1.User(id: person.id, name: person.account.name.rawValue),
            deviceID: person.device,
            send: CimV1.Send(sendID: sendID, content: CimV1.Content(kind: .text(text))),
            sessionEpoch: session.sessionEpoch)))
    }
    var outcomes: [CimV1.SendResult.Outcome] = []
    for request in requests {
      outcomes.append(
        try await next("what became of a message") {
          if case .sendResult(let result) = $0, result.requestID == request {
            result.result?.outcome
          } else {
            nil
          }
        })
    }
    return outcomes
  }
}
