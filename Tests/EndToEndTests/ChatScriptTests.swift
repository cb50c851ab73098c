import Foundation
import TestSupport
import Testing

/// The chat as scripts use it: lines in, lines of JSON out.
@Suite(.serialized) struct ChatScriptTests {
  @Test(
    "Each thing that happens is a line of JSON, and nothing else is on standard output",
    .timeLimit(.minutes(2)))
  func json() async throws {
    let cluster = try await CimCluster()
    let ann = try cluster.script(["--name", "ann", "--json"])
    try await ann.output.wait(for: "\"ready\"")
    let ben = try cluster.script(["--name", "ben", "--json"])
    try ben.write("hi\n:g new team\n:olu\n:x\n999999;;x\n:q!\n")
    #expect(try await ben.waitUntilExit() == .code(1))
    try await ann.output.wait(for: "\"text\":\"hi\"")
    ann.closeInput()
    #expect(try await ann.waitUntilExit() == .code(0))

    let types = try ben.events().compactMap { $0["type"] as? String }
    #expect(types.first == "state" && types.last == "state")
    #expect(Set(types) == ["state", "result", "done", "membership", "listing", "error"])
    let results = try ben.events().filter { $0["type"] as? String == "result" }
    #expect(results.compactMap { $0["line"] as? Int } == [1, 5])
    #expect(results.compactMap { $0["ok"] as? Bool } == [true, false])
    let errors = try ben.events().filter { $0["type"] as? String == "error" }
    #expect(errors.compactMap { $0["line"] as? Int } == [4])
    let listing = try #require(try ben.events().first { $0["type"] as? String == "listing" })
    #expect((listing["items"] as? [[String: Any]])?.compactMap { $0["name"] as? String } == ["ann", "ben"])

    let message = try #require(try ann.events().first { $0["type"] as? String == "message" })
    #expect(message["text"] as? String == "hi" && message["conversation"] as? String == "lobby")
    #expect((message["sender"] as? [String: Any])?["name"] as? String == "ben")
  }

  @Test("The chat log has a file a day, with what was said by all, each once", .timeLimit(.minutes(2)))
  func log() async throws {
    let cluster = try await CimCluster()
    let state = try TemporaryDirectory()
    let ann = try cluster.script(["--name", "ann", "--state", state.path])
    try ann.write("first\n:olu\n")
    try await ann.output.wait(for: "online users: 1")
    let ben = try cluster.script(["--name", "ben"])
    try ben.write("second\n")
    try await ann.output.wait(for: "second")
    try ann.write(":q second\n:q!\n")
    #expect(try await ann.waitUntilExit() == .code(0))
    #expect(ann.output.text.contains("lines of your chat log with \"second\": 1"))

    let files = try FileManager.default.contentsOfDirectory(atPath: "\(state.path)/log")
    let file = try #require(files.sorted().last)
    #expect(file.wholeMatch(of: /\d{4}-\d\d-\d\d\.log/) != nil)
    let lines = try String(contentsOfFile: "\(state.path)/log/\(file)", encoding: .utf8).split(
      separator: "\n")
    #expect(lines.count == 2)
    #expect(lines.first?.wholeMatch(of: /\d\d:\d\d:\d\d ann \(\d+\): first/) != nil)
    #expect(lines.last?.wholeMatch(of: /\d\d:\d\d:\d\d ben \(\d+\): second/) != nil)
  }
}

extension ChildProcess {
  /// What it wrote to standard output: JSON objects, one a line.
  fileprivate func events() throws -> [[String: Any]] {
    try self.output.text.split(separator: "\n").map { line in
      try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)")
    }
  }
}
