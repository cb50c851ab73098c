import CIMClient
import CIMCore
import Logging
import TestSupport
import Testing

@testable import cim

@Suite struct ChatSessionTests {
  /// A chat of somebody, and what it kept.
  private struct Chat {
    let surface = ScriptedSurface()
    let acquaintances = Acquaintances()
    let log = InMemoryChatLog()
    let session: ChatSession

    init(as name: String, _ system: DemoSystem) throws {
      let client = ChatClient(
        ChatClient.Configuration(
          routes: [system.endpoint], identity: .name(try UserName(name)), storage: InMemoryStorage()))
      self.session = ChatSession(
        client: client, surface: self.surface, acquaintances: self.acquaintances, log: self.log)
    }
  }

  @Test("Two chats in one process share nothing", .timeLimit(.minutes(1)))
  func apart() async throws {
    let system = try await DemoSystem(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    let serving = Task { try await system.run() }
    defer { serving.cancel() }
    let ann = try Chat(as: "ann", system)
    let ben = try Chat(as: "ben", system)
    async let annsEnd = ann.session.run()
    async let bensEnd = ben.session.run()
    try await ann.surface.sees("connected to server")
    try await ben.surface.sees("connected to server")

    // Ann's questions are answered where she sits; Ben's are sent.
    ann.surface.type(":g new team", ":ai", "who are you?")
    try await ann.surface.sees("AI: who are you!")
    ben.surface.type("who is there?")
    try await ann.surface.sees("ben (")
    #expect(!ben.surface.text.contains("AI"))
    #expect(ann.acquaintances.groups.map(\.rawValue) == ["team"])
    #expect(ben.acquaintances.groups.isEmpty)
    #expect(ann.log.search("who", limit: 9).lines.count == 1, "what Ben said")

    // One leaves, and the other chats on.
    ben.surface.type(":q")
    #expect(await bensEnd == .left)
    ann.surface.type(":qai", "still here", ":olu")
    try await ann.surface.sees("online users: 1")
    #expect(ben.log.search("still here", limit: 9).lines.isEmpty)
    ann.surface.type(":q!")
    #expect(await annsEnd == .left)
  }
}
