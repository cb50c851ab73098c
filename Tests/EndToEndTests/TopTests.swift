import TestSupport
import Testing

/// `cim top`, beside a whole system.
@Suite(.serialized) struct TopTests {
  private func top(_ arguments: [String], _ streams: Command.Streams = .pipes) throws -> ChildProcess {
    try ChildProcess(
      Command(Repository.cim, ["top"] + arguments, environment: ["TERM": "xterm"], streams: streams))
  }

  @Test(
    "In a pipe it prints every route and server once; on a terminal it draws anew until q, and leaves no trace",
    .timeLimit(.minutes(2)))
  func shown() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    try ann.type("hi")
    let operators = "127.0.0.1:\(cluster.route.ports[1])"
    let once = try top(["--routes", operators, "--once", "--interval", "1500ms"])
    #expect(try await once.waitUntilExit() == .code(0))
    let lines = once.output.text.split(separator: "\n")
    #expect(lines.contains { $0.hasPrefix("route-1  \(operators)") })
    for server in ["server-a", "server-b"] {
      let line = try #require(lines.first { $0.hasPrefix(server) })
      #expect(line.split(whereSeparator: \.isWhitespace).contains("ok"), "\(line)")
    }
    #expect(lines[0].contains("1 route   2 servers   1 client "))
    #expect(!once.output.text.contains("\u{1B}"))

    let live = try top(["--routes", operators, "--interval", "100ms"], .terminal(columns: 80, rows: 24))
    try await live.output.wait(for: "server-b")
    try await eventually("it draws again") {
      live.output.text.ranges(of: "server-b").count > 3
    }
    cluster.servers[1].process.kill()
    try await live.output.wait(for: "1 server ")
    try live.write("q")
    #expect(try await live.waitUntilExit() == .code(0))
    #expect(live.output.text.hasSuffix("\u{1B}[?25h\u{1B}[?1049l"))
  }

  @Test("When no route answers it says so, and what to do", .timeLimit(.minutes(1)))
  func nobody() async throws {
    let operators = "127.0.0.1:\(try freePort())"
    let live = try top(["--routes", operators])
    #expect(try await live.waitUntilExit() == .code(69))
    #expect(live.errors.text.contains(operators) && live.errors.text.contains("admin.listen"))
    let wrong = try top(["--routes", "nowhere"])
    #expect(try await wrong.waitUntilExit() == .code(78))
    #expect(wrong.errors.text.contains("host:port, separated by commas"))
  }
}
