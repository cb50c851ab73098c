import CIMCore
import Testing

@testable import cim

@Suite struct CompletionTests {
  private func complete(_ line: String) throws -> Completion {
    let users = try [(1, "olu"), (2, "ann"), (3, "anna"), (12, "Bob"), (13, "x\u{202E}y")].map {
      Account(id: UserID($0), name: try UserName($1))
    }
    return Completion(line, users: users, groups: try ["team", "tea"].map { try GroupID($0) })
  }

  @Test(
    "What is clear is completed",
    arguments: [
      (":inf", ":info"),
      (":wh", ":who "),
      (":hist", ":history "),
      (":g jo", ":g join "),
      (":g join team", "team "),
      (":who te", "tea"),
      (":g say tea", nil),
      (":g say team ol", "olu"),
      (":history l", "lobby "),
      (":history g:", "g:tea"),
      (":history ol", "1 "),
      (":pu ol", "olu"),
      ("ol", "1;;"),
      ("bo", "12;;"),
      ("hello ol", "olu"),
      ("hello bo", "Bob"),
      ("an", nil),
      ("so :smil", ":smil"),
      ("so :tad", ":tada:"),
      (":tad", ":tada:"),
      ("", nil),
      ("hello ", nil),
      ("nobody", nil),
    ])
  func clear(line: String, replacement: String?) throws {
    let completion = try self.complete(line)
    #expect((completion.replacement ?? completion.word) == (replacement ?? completion.word))
  }

  @Test("What is not clear is listed: users by name and id, commands by name")
  func listed() throws {
    #expect(try self.complete("hello an").candidates.map(\.label) == ["ann (2)", "anna (3)"])
    #expect(try self.complete("1").candidates.map(\.label).prefix(2) == ["olu (1)", "Bob (12)"])
    #expect(
      try self.complete(":q").candidates.map(\.label) == [":q", ":q!", ":qai"])
    #expect(
      try self.complete(":g l").candidates.map(\.label) == [":g leave", ":g list"])
  }

  @Test("A name that would do something to the terminal is not put there")
  func harmless() throws {
    #expect(try self.complete("hello x").candidates.isEmpty)
  }
}
