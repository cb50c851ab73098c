import CIMProtos
import Foundation
import NgRPC
import NgRPCProtos
import TestSupport
import Testing

@Suite("Delayed messages and the death of everything", .serialized) struct DelayedTests {
  /// What is killed and started again.
  private struct Nodes {
    let server: CimProcess
    let route: CimProcess
    let ben: TerminalChat

    init(_ redis: RedisServer, _ zooKeeper: ZooKeeperServer, after previous: Nodes? = nil) async throws {
      server = try CimProcess.server(id: "server-1", zooKeeper: zooKeeper.connectString)
      route = try CimProcess.route(id: "route-1", redis: redis.url, zooKeeper: zooKeeper.connectString)
      for process in [server, route] { try await process.wait(until: .serving) }
      ben = try await TerminalChat(as: "ben", route: route, after: previous?.ben)
    }

    func kill() async throws {
      for process in [route.process, server.process, ben.process] {
        process.kill()
        try await process.waitUntilExit()
      }
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
    let ann = try await logIn("ann", through: first.route)
    let later = try await schedule(
      "after the return", in: 25_000, to: first.ben, as: ann, through: first.route)
    let cancelled = try await schedule("never", in: 25_000, to: first.ben, as: ann, through: first.route)
    #expect(try await cancel(cancelled.id, as: ann, through: first.route))
    let missed = try await schedule(
      "while all were dead", in: 3000, to: first.ben, as: ann, through: first.route)
    try await first.kill()
    try await redis.kill()

    try await eventually("the time of the first has passed") { now() > missed.sendAtMs }
    try await redis.start()
    let second = try await Nodes(redis, zooKeeper, after: first)
    let returned = now()
    try await second.ben.sees("while all were dead")
    try await second.ben.process.output.wait(for: "after the return", within: .seconds(40))
    // A message of the route's own comes behind all that there is.
    _ = try await schedule("that was all", in: 0, to: second.ben, as: ann, through: second.route)
    try await second.ben.sees("that was all")

    let log = try await history(of: later.conversation, as: ann, through: second.route)
    #expect(log.map(\.text) == ["while all were dead", "after the return", "that was all"])
    let loggedAt = Dictionary(log.map { ($0.text, $0.loggedAtMs) }) { first, _ in first }
    let (missedAt, laterAt) = (loggedAt["while all were dead"] ?? 0, loggedAt["after the return"] ?? 0)
    #expect(missedAt >= missed.sendAtMs && missedAt <= max(returned, missed.sendAtMs) + Self.accuracy)
    #expect(laterAt >= later.sendAtMs && laterAt <= max(returned, later.sendAtMs) + Self.accuracy)
    for text in ["while all were dead", "after the return"] {
      #expect((first.ben.screen + second.ben.screen).ranges(of: text).count == 1, "\(text)")
    }
    #expect(!second.ben.screen.contains("never"))
    #expect(try await list(as: ann, through: second.route).isEmpty)
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
    of conversation: String, as ann: CallOptions, through route: CimProcess
  ) async throws -> [CimV1.Message] {
    try await withChannel(to: route.ports[0]) { channel in
      try await CimV1.Route.Client(channel).history(
        CimV1.HistoryRequest(conversation: conversation), options: ann
      ).messages
    }
  }
}

extension CimV1.Message {
  fileprivate var text: String {
    guard case .text(let text)? = content?.kind else { return "" }
    return text
  }
}
