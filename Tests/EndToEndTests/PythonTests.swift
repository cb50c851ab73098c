import Foundation
import TestSupport
import Testing

@Suite struct PythonTests {
  /// A line of chat.py's output.
  private struct Event: Decodable {
    struct Sender: Decodable {
      let id: UInt64
      let name: String
    }
    let event: String
    let id: UInt64?
    let conversation: String?
    let sender: Sender?
    let text: String?

    init(_ line: String) throws { self = try JSONDecoder().decode(Event.self, from: Data(line.utf8)) }
  }

  @Test("A Python program chats with cim chat, in the group and in private", .timeLimit(.minutes(2)))
  func chats() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let python = try ChildProcess(Repository.python("chat.py", cluster.route.address, "monty"))
    let online = try Event(await python.output.line(containing: "\"online\"", within: .seconds(30)))

    try python.write("hello from Python\n\(ann.id);;and to you\n")
    try await ann.sees("hello from Python")
    try await ann.sees("and to you")
    try await python.output.line(containing: "\"p:\(ann.id):\(online.id!)\"")

    try ann.type("hello from a terminal")
    let group = try Event(await python.output.line(containing: "hello from a terminal"))
    #expect(group.conversation == "lobby")
    #expect(group.sender?.name == "ann")
    #expect(group.sender?.id == ann.id)
    try ann.type("\(online.id!);;in private")
    let direct = try Event(await python.output.line(containing: "in private"))
    #expect(direct.conversation == "p:\(ann.id):\(online.id!)")
    #expect(direct.text == "in private")

    python.closeInput()
    #expect(try await python.waitUntilExit() == .code(0), "\(python.errors.text)")
  }
}
