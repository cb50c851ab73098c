import Foundation
import TestSupport
import Testing

/// The articles on writing a client, and the programs that they show.
@Suite struct ArticleTests {
  private static let folder = "Sources/CIMClient/CIMClient.docc"

  /// The code that an article shows in a language.
  private func blocks(of article: String, in language: String) throws -> [String] {
    let text = try Repository.text(of: "\(Self.folder)/\(article).md")
    return text.components(separatedBy: "```\(language)\n").dropFirst().map {
      $0.components(separatedBy: "\n```")[0]
    }
  }

  /// Lines without the blanks that stand before all of them.
  private func flush(_ text: String) -> String {
    let lines = text.components(separatedBy: "\n")
    let indent = lines.filter { !$0.isEmpty }.map { $0.prefix { $0 == " " }.count }.min() ?? 0
    return lines.map { String($0.dropFirst(indent)) }.joined(separator: "\n")
  }

  /// Whether a program has the lines of a block, one after the other, at whatever depth.
  private func program(_ program: String, has block: String) -> Bool {
    let (lines, wanted) = (program.components(separatedBy: "\n"), block.components(separatedBy: "\n"))
    return lines.indices.contains { start in
      start + wanted.count <= lines.count
        && flush(lines[start..<start + wanted.count].joined(separator: "\n")) == flush(block)
    }
  }

  @Test(
    "The code that an article shows is that of the program that is run here",
    arguments: [
      (
        "WriteYourOwnClient", "swift",
        ["Tests/WriteYourOwnClient/main.swift", "Tests/WriteYourOwnClient/Echo.swift"]
      ),
      ("WriteAClientInPython", "python", ["Tests/Python/chat.py"]),
    ])
  func code(_ article: String, _ language: String, _ files: [String]) throws {
    let program = try files.map { try Repository.text(of: $0) }.joined(separator: "\n")
    let blocks = try blocks(of: article, in: language)
    #expect(blocks.count > 4)
    for block in blocks {
      #expect(self.program(program, has: block), "\(article) shows other code:\n\(block)")
    }
  }

  @Test(
    "The client of the article chats, answers, and goes on after kill -9 where it was",
    .timeLimit(.minutes(2)))
  func client() async throws {
    let cluster = try await CimCluster()
    let (annsState, echosState) = (try TemporaryDirectory(), try TemporaryDirectory())
    func start(_ arguments: [String]) throws -> ChildProcess {
      try ChildProcess(
        Command(
          Repository.product("write-your-own-client"), [cluster.route.address] + arguments,
          streams: .terminal(columns: 100, rows: 30)))
    }
    let echo = try start(["echo", echosState.path, "--echo"])
    try await echo.output.wait(for: "* ready, on server")
    let ann = try start(["ann", annsState.path])
    try await ann.output.wait(for: "* ready, on server")
    try ann.write("hello\n")
    try await ann.output.wait(for: "* said: it is logged")
    try await ann.output.wait(for: "echo: you said: hello")
    let terminal = try await cluster.chat(as: "ben")
    try ann.write("\(terminal.id);;psst\n")
    try await ann.output.wait(for: "is delivered")
    try await terminal.sees("psst")

    ann.kill()
    _ = try await ann.waitUntilExit()
    try terminal.type("while ann was away")
    try await terminal.sees("while ann was away")
    let again = try start(["ann", annsState.path])
    try await again.output.wait(for: "ben: while ann was away")
    try await again.output.wait(for: "echo: you said: while ann was away")
    #expect(!again.output.text.contains("you said: hello"))
    try again.write("\u{4}")
    #expect(try await again.waitUntilExit() == .code(0), "\(again.errors.text)")
    #expect(again.output.text.contains("* closed"))
    try echo.write("\u{4}")
    #expect(try await echo.waitUntilExit() == .code(0))
  }

  @Test(
    "The client of the article says how it is called",
    .timeLimit(.minutes(1)))
  func wrong() async throws {
    let usage = try ChildProcess(Command(Repository.product("write-your-own-client"), []))
    #expect(try await usage.waitUntilExit() == .code(2))
    #expect(usage.output.text.contains("usage: my-client ROUTE NAME DIRECTORY"))
  }
}
