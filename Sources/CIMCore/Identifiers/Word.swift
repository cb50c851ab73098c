/// The rule of identifiers that stand inside store keys, paths and log lines as they are: 1 to 64 bytes of a small
/// alphabet.
enum Word {
  /// The longest word, in bytes.
  static let maxBytes = 64

  /// Throws unless `text` is 1 to 64 bytes of `[0-9A-Za-z_-]`.
  static func check(_ text: String, _ what: String) throws(InvalidIdentifier) {
    guard (1...Self.maxBytes).contains(text.utf8.count), text.utf8.allSatisfy(Self.contains) else {
      throw InvalidIdentifier(what, rule: "1 to \(Self.maxBytes) bytes of [0-9A-Za-z_-]")
    }
  }

  /// Whether a byte belongs to the alphabet.
  static func contains(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "_"), UInt8(ascii: "-"):
      true
    default: false
    }
  }
}
