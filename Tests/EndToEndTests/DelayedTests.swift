import CIMProtos
import Foundation
import NgRPC
import NgRPCProtos
import TestSupport
import Testing

@Suite("Delayed messages and the death of everything", .serialized) struct DelayedTests {
  /// Two routes and two servers, which are killed and started again.
  private struct Nodes {
    let routes: [CimProcess]
    let servers: [CimProcess]

    /// - Parameter previous: where routes listen; anywhere by default.
    init(
      _ redis: RedisServer, _ zooKeeper: ZooKeeperServer, at previous: Nodes? = nil
    ) async throws {
      let connect = zooKeeper.connectString
      servers = try ["server-1", "server-2"].map { try CimProcess.server(id: $0, zooKeeper: connect) }
      routes = try (0...1).map { index in
        try CimProcess.route(
          id: "route-\(index + 1)", redis: redis.url, zooKeeper: connect,
          port: previous?.routes[index].ports[0])
      }
      for process in servers + routes { try await process.wait(until: .serving) }
    }

    func kill() async throws {
      for node in routes + servers { node.process.kill() }
      for node in routes + servers { try await node.process.waitUntilExit() }
    }
  }

  /// How late a message may be.
  private static let accuracy: Int64 = 1000

  @Test(
    "What was to be sent later outlives every process, and comes once: at its time, or at once when that has passed",
    .timeLimit(.minutes(3)))
  func survives() async throws {
    let redis = try await RedisServer(appendOnly: true)
    let zooKeeper = try await ZooKeeperServer()
    let first = try await Nodes(redis, zooKeeper)
    let firstBen = try await TerminalChat(as: "ben", route: first.routes[0])
    let ann = try await logIn("ann", through: first.routes[1])
    let later = try await schedule(
      "after the return", in: 30_000, to: firstBen, as: ann, through: first.routes[0])
    let cancelled = try await schedule("never", in: 30_000, to: firstBen, as: ann, through: first.routes[1])
    #expect(try await cancel(cancelled.id, as: ann, through: first.routes[0]))
    let missed = try await schedule(
      "while all were dead", in: 3000, to: firstBen, as: ann, through: first.routes[1])
    try await first.kill()
    firstBen.process.kill()
    try await firstBen.process.waitUntilExit()
    try await redis.kill()
    try await zooKeeper.kill()

    try await eventually("the time of the first has passed") { now() > missed.sendAtMs }
    try await redis.start()
    try await zooKeeper.start()
    let second = try await Nodes(redis, zooKeeper)
    let returned = now()
    let ben = try await TerminalChat(as: "ben", route: second.routes[0], after: firstBen)
    try await ben.sees("while all were dead")
    try await ben.process.output.wait(for: "after the return", within: .seconds(40))
    // A message of a route's own comes behind all that there is.
    _ = try await schedule("that was all", in: 0, to: ben, as: ann, through: second.routes[1])
    try await ben.sees("that was all")

    let log = try await history(of: later.conversation, as: ann, through: second.routes[0]).messages
    #expect(log.map(\.text) == ["while all were dead", "after the return", "that was all"])
    let loggedAt = Dictionary(log.map { ($0.text, $0.loggedAtMs) }) { first, _ in first }
    let (missedAt, laterAt) = (loggedAt["while all were dead"] ?? 0, loggedAt["after the return"] ?? 0)
    #expect(missedAt >= missed.sendAtMs && missedAt <= max(returned, missed.sendAtMs) + Self.accuracy)
    #expect(laterAt >= later.sendAtMs && laterAt <= max(returned, later.sendAtMs) + Self.accuracy)
    for text in ["while all were dead", "after the return"] {
      #expect((firstBen.screen + ben.screen).ranges(of: text).count == 1, "\(text)")
    }
    #expect(!ben.screen.contains("never"))
    #expect(try await list(as: ann, through: second.routes[1]).isEmpty)
    try await second.kill()
  }

  @Test(
    "When everything is killed in the midst of sending, each message comes once all the same",
    .timeLimit(.minutes(3)))
  func amidst() async throws {
    let redis = try await RedisServer(appendOnly: true)
    let zooKeeper = try await ZooKeeperServer()
    let first = try await Nodes(redis, zooKeeper)
    let ben = try await TerminalChat(as: "ben", route: first.routes[0])
    let ann = try await logIn("ann", through: first.routes[0])
    let texts = (100..<300).map { "later-\($0)" }
    let due = now() + 5000
    var conversation = ""
    for (index, text) in texts.enumerated() {
      conversation =
        try await schedule(
          text, in: due - now() + Int64(10 * index), to: ben, as: ann, through: first.routes[index % 2]
        ).conversation
    }
    try await ben.process.output.wait(for: "later-", within: .seconds(20))
    try await first.kill()
    try await redis.kill()
    try await zooKeeper.kill()
    try await redis.start()
    try await zooKeeper.start()
    // Where the chat looks for them.
    let second = try await Nodes(redis, zooKeeper, at: first)
    try await eventually(within: .seconds(60), "all are sent") {
      try await list(as: ann, through: second.routes[1]).isEmpty
    }
    try await eventually(within: .seconds(60), "all have come; ben sees:\n\(ben.screen)") {
      texts.allSatisfy { ben.screen.contains($0) }
    }
    for text in texts { #expect(ben.screen.ranges(of: text).count == 1, "\(text)") }
    var logged: [String] = []
    var page = CimV1.HistoryResponse(more: true)
    while page.more {
      page = try await history(
        of: conversation, before: page.messages.first?.position, as: ann, through: second.routes[0])
      logged = page.messages.map(\.text) + logged
    }
    #expect(logged.sorted() == texts)
    try await second.kill()
  }

  // MARK: Calls in ann's name

  private func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }

  private func logIn(_ name: String, through route: CimProcess) async throws -> CallOptions {
    try await withChannel(to: route.ports[0]) { channel in
      let route = CimV1.Route.Client(channel)
      let user = try #require(try await route.register(CimV1.RegisterRequest(name: name)).user)
      let login = try await route.login(
        CimV1.LoginRequest(userID: user.id, name: user.name, deviceID: "by-calls"))
      return CallOptions(timeout: .seconds(10), metadata: ["authorization": "Bearer \(login.token)"])
    }
  }

  private func schedule(
    _ text: String, in delay: Int64, to receiver: TerminalChat, as ann: CallOptions, through route: CimProcess
  ) async throws -> CimV1.ScheduleSendResponse {
    try await withChannel(to: route.ports[0]) { channel in
      try await CimV1.Route.Client(channel).scheduleSend(
        CimV1.ScheduleSendRequest(
          target: .userID(receiver.id), content: CimV1.Content(kind: .text(text)), time: .delayMs(delay)),
        options: ann)
    }
  }

  private func cancel(_ id: String, as ann: CallOptions, through route: CimProcess) async throws -> Bool {
    try await withChannel(to: route.ports[0]) { channel in
      try await CimV1.Route.Client(channel).cancelScheduled(
        CimV1.CancelScheduledRequest(id: id), options: ann
      ).cancelled
    }
  }

  private func list(as ann: CallOptions, through route: CimProcess) async throws -> [CimV1.ScheduledMessage] {
    try await withChannel(to: route.ports[0]) { channel in
      try await CimV1.Route.Client(channel).listScheduled(CimV1.ListScheduledRequest(), options: ann).messages
    }
  }

  private func history(
    of conversation: String, before: CimV1.LogPosition? = nil, as ann: CallOptions, through route: CimProcess
  ) async throws -> CimV1.HistoryResponse {
    try await withChannel(to: route.ports[0]) { channel in
      try await CimV1.Route.Client(channel).history(
        CimV1.HistoryRequest(conversation: conversation, before: before), options: ann)
    }
  }
}

extension CimV1.Message {
  fileprivate var text: String {
    guard case .text(let text)? = content?.kind else { return "" }
    return text
  }
}
