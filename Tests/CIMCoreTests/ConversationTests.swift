import CIMCore
import Testing

@Suite("Conversation")
struct ConversationTests {
  @Test("A conversation prints as it is parsed", arguments: ["lobby", "p:1:2", "p:7:7", "p:9:10", "g:a_B-9"])
  func roundTrip(text: String) throws {
    #expect(try Conversation(text).description == text)
  }

  @Test(
    "What is no conversation's only text is refused",
    arguments: [
      "", "Lobby", "lobby:", "p:", "p:1", "p:2:1", "p:0:1", "p:01:2", "p:+1:2", "p:1:2:3", "p:1:", "p:1:x",
      "p:1:18446744073709551616", "g:", "g:a:b", "g:a b", "g:ä", "x:1", " lobby", "lobby\n",
    ])
  func invalid(text: String) {
    #expect(throws: InvalidIdentifier.self) { try Conversation(text) }
  }

  @Test("A private conversation is the same whoever is named first, and knows the other side")
  func direct() {
    let (ada, bob) = (UserID(1), UserID(2))
    #expect(Conversation.direct(between: bob, and: ada) == .direct(between: ada, and: bob))
    let pair = UserPair(bob, ada)
    #expect(pair.peer(of: ada) == bob)
    #expect(pair.peer(of: bob) == ada)
    #expect(pair.peer(of: UserID(3)) == nil)
    #expect(UserPair(ada, ada).peer(of: ada) == ada)
  }
}
