import Glibc
import TestSupport
import Testing

@Suite("A person who comes back to the chat", .serialized) struct ReturningTests {
  @Test(
    "A line that was not answered before the program was killed is sent when it runs again",
    .timeLimit(.minutes(2)))
  func unsent() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    for process in cluster.servers { process.process.signal(SIGSTOP) }
    try ann.type("said into the void")
    try await eventually("one line without an answer; ann sees:\n\(ann.screen)") {
      let mark = ann.process.output.end
      try ann.type(":info")
      try await ann.sees("pending", after: mark)
      return ann.process.output.text(after: mark).contains("pending  1")
    }
    ann.process.kill()
    try await ann.process.waitUntilExit()
    for process in cluster.servers { process.process.signal(SIGCONT) }

    let back = try await cluster.chat(as: "ann", after: ann)
    try await back.sees("1 line of last time was not answered: sent again")
    try await ben.sees("said into the void")
    try back.type("that was all")
    try await ben.sees("that was all")
    #expect(ben.screen.ranges(of: "said into the void").count == 1)
  }

  @Test("A second chat with the same state is told where the first one is", .timeLimit(.minutes(2)))
  func twice() async throws {
    let cluster = try await CimCluster()
    let state = try TemporaryDirectory()
    let arguments = ["chat", "--name", "ann", "--route", cluster.route.address, "--state", state.path]
    let first = try ChildProcess(
      Command(
        Repository.cim, arguments, environment: ["TERM": "xterm"], streams: .terminal(columns: 100, rows: 30))
    )
    try await first.output.wait(for: "connected to server")
    let second = try ChildProcess(Command(Repository.cim, arguments))
    #expect(try await second.waitUntilExit() == .code(1))
    #expect(second.errors.text.contains("\(state.path) is in use"), "\(second.errors.text)")
  }
}
