import TestSupport
import Testing

@Suite struct DemoTests {
  @Test(
    "Input that is no terminal is sent line by line, and every answer is awaited", .timeLimit(.minutes(1)))
  func pipedInput() async throws {
    let demo = try ChildProcess(Command(Repository.cim, ["demo"]))
    try demo.write("hi\n:olu\n:q!\n")
    #expect(try await demo.waitUntilExit() == .code(0), "\(demo.errors.text)")
    #expect(demo.output.text.contains("you said: hi"))
    #expect(!demo.output.text.contains("\u{1B}["), "colours are for terminals")
  }

  @Test("The end of the input leaves, too", .timeLimit(.minutes(1)))
  func endOfInput() async throws {
    let demo = try ChildProcess(Command(Repository.cim, ["demo"]))
    try demo.write("one\ntwo")
    demo.closeInput()
    #expect(try await demo.waitUntilExit() == .code(0), "\(demo.errors.text)")
    #expect(demo.output.text.contains("you said: one"))
    #expect(demo.output.text.contains("you said: two"))
  }

  @Test("On a terminal the bot answers what is typed", .timeLimit(.minutes(1)))
  func terminal() async throws {
    let demo = try ChildProcess(
      Command(
        Repository.cim, ["demo"], environment: ["TERM": "xterm"], streams: .terminal(columns: 80, rows: 24)))
    try await demo.output.wait(for: ":q!")
    try demo.write("hello bot\n")
    try await demo.output.wait(for: "you said: hello bot")
    try demo.write(":q!\n")
    #expect(try await demo.waitUntilExit() == .code(0))
  }
}
