import CIMCore
import Testing

@Suite("Identifiers")
struct IdentifierTests {
  @Test("A user id has one text", arguments: ["", "0", "01", "+1", "-1", "1 ", "x", "18446744073709551616"])
  func invalidUserID(text: String) {
    #expect(UserID(text) == nil)
  }

  @Test("A user id prints as it is parsed", arguments: ["1", "10", "18446744073709551615"])
  func userID(text: String) {
    #expect(UserID(text)?.description == text)
  }

  @Test(
    "A user name is 1 to 64 bytes", arguments: ["a", "爱达", "Ada Lovelace", String(repeating: "x", count: 64)])
  func userName(text: String) throws {
    #expect(try UserName(text).rawValue == text)
  }

  @Test(
    "A user name that could break a command or a terminal line is refused",
    arguments: [
      "", String(repeating: "x", count: 65), String(repeating: "爱", count: 22), "a;b", "a\nb", "a\0b",
      "\u{1B}[31m", "a\u{7F}", "a\u{85}", "a\u{2028}",
    ])
  func invalidUserName(text: String) {
    #expect(throws: InvalidIdentifier.self) { try UserName(text) }
  }

  @Test("A device kind is 0 to 32 bytes of small letters, digits and dashes")
  func deviceKind() throws {
    for text in ["", "desktop", "smart-watch-2", String(repeating: "x", count: 32)] {
      #expect(try DeviceKind(text).rawValue == text)
    }
    for text in ["Web", "a b", "a_b", "ä", "a\0", String(repeating: "x", count: 33)] {
      #expect(throws: InvalidIdentifier.self) { try DeviceKind(text) }
    }
    #expect(try DeviceKind("") == .unnamed)
  }

  @Test("A device, group, producer or incarnation is a word of 1 to 64 bytes")
  func words() throws {
    for text in ["a", "0_-Z", String(repeating: "x", count: 64)] {
      #expect(try DeviceID(text).rawValue == text)
      #expect(try GroupID(text).rawValue == text)
      #expect(try ProducerID(text).rawValue == text)
      #expect(try Incarnation(text).rawValue == text)
    }
    for text in ["", "a b", "a.b", "a:b", "a/b", "a#b", "{a}", "ä", "a\0", String(repeating: "x", count: 65)]
    {
      #expect(throws: InvalidIdentifier.self) { try DeviceID(text) }
      #expect(throws: InvalidIdentifier.self) { try GroupID(text) }
      #expect(throws: InvalidIdentifier.self) { try ProducerID(text) }
      #expect(throws: InvalidIdentifier.self) { try Incarnation(text) }
    }
  }

  @Test("A server id can be a ZooKeeper node's name")
  func serverID() throws {
    for text in ["cim-server-0", "10.0.0.1", "a"] { #expect(try ServerID(text).rawValue == text) }
    for text in ["", ".", "..", "-a", "_a", "a/b", "a#b", "a b"] {
      #expect(throws: InvalidIdentifier.self) { try ServerID(text) }
    }
  }

  @Test("A server's registration prints as it is parsed")
  func serverInstance() {
    #expect(ServerInstance("cim-server-0#00ff")?.description == "cim-server-0#00ff")
    for text in ["", "a", "a#", "#b", "a#b#c", "a b#c"] { #expect(ServerInstance(text) == nil) }
  }

  @Test("Incarnations are words and differ")
  func incarnations() throws {
    let drawn = (1...100).map { _ in Incarnation.random() }
    #expect(Set(drawn).count == 100)
    for incarnation in drawn { #expect(incarnation.rawValue.utf8.count == 16) }
  }

  @Test("An error says what was to be and what the rule is, without the text that came in")
  func description() {
    #expect(throws: InvalidIdentifier("device id", rule: "1 to 64 bytes of [0-9A-Za-z_-]")) {
      try DeviceID("secret text")
    }
  }
}
