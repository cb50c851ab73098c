extension Transcript {
  /// A text that others wrote, made safe for a terminal: it can neither move the cursor, nor colour, nor pretend to be a
  /// line of the chat.
  ///
  /// Control characters become their pictures (U+2400 and following) or U+FFFD, as do the characters that reorder
  /// text; further lines are indented.
  static func printable(_ text: String) -> String {
    var safe = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\u{2028}", "\u{2029}", "\u{85}":
        safe.append(contentsOf: "\n    ".unicodeScalars)
      case "\t":
        safe.append(" ")
      default:
        safe.append(self.printable(scalar))
      }
    }
    return String(safe)
  }

  private static func printable(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
    switch scalar.value {
    case 0..<0x20: Unicode.Scalar(0x2400 + scalar.value) ?? "\u{FFFD}"
    case 0x7F: "\u{2421}"
    // C1 controls, and what overrides or isolates the direction of text.
    case 0x80..<0xA0, 0x200E...0x200F, 0x202A...0x202E, 0x2066...0x2069: "\u{FFFD}"
    default: scalar
    }
  }
}
