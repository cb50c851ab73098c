import Glibc
import TestSupport
import Testing

@Suite("A person who comes back to the chat", .serialized) struct ReturningTests {
  @Test("What was said meanwhile is shown once, in order, each with its own sender", .timeLimit(.minutes(2)))
  func left() async throws {
    try await self.comeBack { chat in
      try chat.type(":q!")
      #expect(try await chat.process.waitUntilExit() == .code(0))
    }
  }

  @Test("The same after the program was killed", .timeLimit(.minutes(2)))
  func killed() async throws {
    try await self.comeBack { chat in
      chat.process.kill()
      try await chat.process.waitUntilExit()
    }
  }

  private func comeBack(after leave: (TerminalChat) async throws -> Void) async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    let cat = try await cluster.chat(as: "cat")
    try ben.type("before, from ben")
    try await ann.sees("before, from ben")
    // Nobody is to be shown again what is on the screen.
    try ann.type("\(ben.id);;I am off")
    try await ben.sees("I am off")
    try await leave(ann)

    for number in 1...5 {
      try ben.type("\(ann.id);;private \(number)")
      try cat.type("\(ann.id);;also private \(number)")
      try ben.type("public \(number)")
    }
    try await cat.sees("public 5")

    let back = try await cluster.chat(as: "ann", after: ann)
    #expect(back.id == ann.id)
    for text in [
      "] ben (\(ben.id)): private 5", "] cat (\(cat.id)): also private 5", "ben (\(ben.id)): public 5",
    ] {
      try await back.sees(text)
    }
    try await back.sees("15 messages came while you were away: 5 to all, 10 private")
    try ben.type("welcome back")
    try await back.sees("welcome back")
    let screen = back.screen
    for kind in ["] ben (\(ben.id)): private", "] cat (\(cat.id)): also private", "ben (\(ben.id)): public"] {
      let shown = screen.ranges(of: "\(kind) ").compactMap { screen[$0.upperBound...].first }
      #expect(shown == ["1", "2", "3", "4", "5"], "\(kind): \(screen)")
    }
    #expect(!screen.contains("before, from ben"), "\(screen)")
    #expect(!screen.contains("I am off"), "what ann said herself")
  }

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
