import Foundation
import TestSupport
import Testing

/// Every command that the chat lists, typed on a terminal.
@Suite(.serialized) struct ChatWalkTests {
  /// A line that Ann types, and what she sees then.
  private struct Step {
    let line: String
    let sight: String

    init(_ line: String, _ sight: String) {
      self.line = line
      self.sight = sight
    }
  }

  @Test("Each command that the chat lists does what it says", .timeLimit(.minutes(2)))
  func walk() async throws {
    let cluster = try await CimCluster()
    let ann = try await cluster.chat(as: "ann")
    let ben = try await cluster.chat(as: "ben")
    try await ben.does(":g new tea", sees: "you have made group tea")
    try await ben.does("good morning", sees: "good morning")
    try await ann.sees("ben (\(ben.id)): good morning")

    let steps = Self.steps(ann: ann, ben: ben)
    for step in steps { try await ann.does(step.line, sees: step.sight) }
    try await ben.does(":g join team", sees: "you have joined group team")
    try ann.type(":g say team hello :tada:")
    try await ben.sees("[g:team] ann (\(ann.id)): hello 🎉")
    try ann.type(":q!")
    #expect(try await ann.process.waitUntilExit() == .code(0))

    let typed = steps.map(\.line) + [":g say", ":q!"]
    for name in try await self.commands(of: cluster) {
      #expect(typed.contains { $0 == name || $0.hasPrefix("\(name) ") }, "\(name) is not walked")
    }
  }

  private static func steps(ann: TerminalChat, ben: TerminalChat) -> [Step] {
    [
      Step(":all", ":g join group"),
      Step(":nonsense", "there is no command \":nonsense\"; these are the commands:"),
      Step("", "nothing to send"),
      Step(":olu", "online users: 2"),
      Step(":pu be", "online users whose names begin with \"be\": 1"),
      Step(":g", "say something in a group"),
      Step(":g new team", "you have made group team"),
      Step(":g join tea", "you have joined group tea"),
      Step(":g list", "your groups: 2"),
      Step(":who tea", "members of group tea: 2"),
      Step(":g info tea", "  owner    ben (\(ben.id))"),
      Step(":g mute tea \(ben.id)", "Only the owner of group tea can do that"),
      Step(":g info team", "  owner    you"),
      Step(":g unmute team \(ben.id)", "who is no member of group team"),
      Step(":g remove team \(ben.id)", "user \(ben.id) is not in group team"),
      Step(":g leave tea", "you have left group tea"),
      Step(":history", "ben (\(ben.id)): good morning"),
      Step(":q morning", "lines of your chat log with \"morning\": 1"),
      Step("\(ben.id);;psst", "psst"),
      Step(":conversations", "your conversations: "),
      Step(":unread", "conversations with something unread: 0"),
      Step(":read", "marked as read in"),
      Step(":readers \(ben.id)", "how far others are in your private conversation with \(ben.id): 1"),
      Step(":block \(ben.id)", "user \(ben.id) is blocked"),
      Step(":blocked", "users whom you block: 1"),
      Step(":unblock \(ben.id)", "user \(ben.id) is not blocked any more"),
      Step(":emoji 2", "page 2 of "),
      Step(":delay tea is ready 3600", "; :undelay "),
      Step(":delayed", "what you say later: 1"),
      Step(":undelay 00", "No message 00 of yours waits"),
      Step(":ai", "answered here and not sent"),
      Step("are you there?", "AI: are you there!"),
      Step(":qai", "what you type is sent to others again"),
      Step(":info", "connected to server \(ann.server)"),
    ]
  }

  /// The names of all commands, as the chat tells scripts.
  private func commands(of cluster: CimCluster) async throws -> [String] {
    let script = try cluster.script(["--name", "cat", "--json"])
    try script.write(":all\n:q!\n")
    #expect(try await script.waitUntilExit() == .code(0))
    let line = try #require(script.output.text.split(separator: "\n").first { $0.contains("\"commands\"") })
    let listing = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    let items = try #require(listing?["items"] as? [[String: Any]])
    return items.compactMap { $0["name"] as? String }
  }
}
