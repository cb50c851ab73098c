/// What operators show to be let in. It is never printed.
struct OperatorToken: Sendable, Equatable {
  /// What a valid one is, for errors.
  static let rule =
    "16 to 256 characters of letters, digits, '-', '.', '_', '~', '+', '/' and '=', the last at its end only"

  /// It as it travels. Keep it out of logs.
  let text: String

  /// Nil for a text that can't travel as a bearer token (RFC 6750, section 2.1), or that is soon guessed.
  init?(_ text: String) {
    let body = text.utf8.reversed().drop { $0 == UInt8(ascii: "=") }
    guard (16...256).contains(text.utf8.count), !body.isEmpty,
      body.allSatisfy({ byte in
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
          UInt8(ascii: "0")...UInt8(ascii: "9"):
          true
        default: "-._~+/".utf8.contains(byte)
        }
      })
    else { return nil }
    self.text = text
  }

  /// Whether somebody has shown this token. The time it takes depends on what was shown alone, and tells nothing of where
  /// the two differ.
  func matches(_ shown: String) -> Bool {
    let (own, shown) = (Array(self.text.utf8), Array(shown.utf8))
    var difference: UInt8 = own.count == shown.count ? 0 : 1
    for index in shown.indices { difference |= shown[index] ^ own[index % own.count] }
    return difference == 0
  }
}
