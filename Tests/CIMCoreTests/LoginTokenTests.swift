import CIMCore
import Testing

@Suite("Login token")
struct LoginTokenTests {
  @Test("A token survives its way as text")
  func roundTrip() throws {
    for _ in 1...200 {
      let token = LoginToken.random(for: UserID(42))
      #expect(token.text.wholeMatch(of: /42\.[A-Za-z0-9_\-]{43}/) != nil)
      #expect(try #require(LoginToken(token.text)) == token)
    }
  }

  @Test("Tokens differ, by their user too")
  func difference() throws {
    let token = LoginToken.random(for: UserID(1))
    #expect(LoginToken.random(for: UserID(1)) != token)
    #expect(try #require(LoginToken("2.\(token.secretText)")) != token)
  }

  @Test("A token does not print its secret")
  func redaction() {
    let token = LoginToken.random(for: UserID(1))
    #expect(!"\(token)".contains(token.secretText))
    #expect(!String(reflecting: token).contains(token.secretText))
  }

  @Test(
    "What is no token is refused",
    arguments: [
      "", ".", "1", "1.", "0.\(zeros)", "1.\(zeros)A", "1.\(zeros.dropLast())", "1.\(zeros).", "x.\(zeros)",
      // The bits left over are not zero: a second text for the same bytes.
      "1.\(zeros.dropLast())B", "1.\(zeros.dropLast())+", "1.\(zeros.dropLast())=",
    ])
  func invalid(text: String) {
    #expect(LoginToken(text) == nil)
  }

  @Test("The known encoding of known bytes is read")
  func knownText() throws {
    #expect(try #require(LoginToken("1.\(Self.zeros)")).secretText == Self.zeros)
    #expect(LoginToken("1._-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-8") != nil)
  }

  private static let zeros = String(repeating: "A", count: 43)
}
