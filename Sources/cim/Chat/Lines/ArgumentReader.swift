/// Reads what follows a command's name.
struct ArgumentReader {
  private var rest: Substring

  /// Begins to read.
  init(_ text: Substring) {
    self.rest = text.trimmingWhitespace
  }

  /// Whether nothing is left.
  var isAtEnd: Bool { self.rest.isEmpty }

  /// Takes the next word; `nil` at the end.
  mutating func word() -> String? {
    guard !self.isAtEnd else { return nil }
    let word = self.rest.prefix { !$0.isWhitespace }
    self.rest = self.rest.dropFirst(word.count).trimmingWhitespace
    return String(word)
  }

  /// Takes all that is left; `nil` at the end.
  mutating func remainder() -> String? {
    guard !self.isAtEnd else { return nil }
    defer { self.rest = "" }
    return String(self.rest)
  }
}

/// An argument of a command is missing or wrong.
struct ArgumentError: Error, Hashable {
  /// What is wrong, in words.
  let problem: String

  init(_ problem: String) {
    self.problem = problem
  }
}

extension Substring {
  /// Without the whitespace at both ends.
  var trimmingWhitespace: Self {
    let start = self.drop(while: \.isWhitespace)
    return start.lastIndex { !$0.isWhitespace }.map { start[...$0] } ?? start.prefix(0)
  }
}
