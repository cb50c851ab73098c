/// Collects lines of source text, indented by two spaces a level.
struct SourceWriter {
  private(set) var text = ""
  private var level = 0

  /// Adds a line; an empty one is not indented.
  mutating func line(_ line: String = "") {
    if !line.isEmpty { text += String(repeating: "  ", count: level) + line }
    text += "\n"
  }

  /// Adds documentation.
  mutating func docs(_ lines: [String]) {
    for doc in lines { line(doc.isEmpty ? "///" : "/// \(doc)") }
  }

  /// Adds `head {`, what `body` adds, one level deeper, and `}`.
  mutating func block<E: Error>(_ head: String, close: String = "}", _ body: (inout Self) throws(E) -> Void)
    throws(E)
  {
    line("\(head) {")
    level += 1
    try body(&self)
    level -= 1
    line(close)
  }

  /// Adds a switch over `subject`; `body` adds the cases, on the same level.
  mutating func cases<E: Error>(of subject: String, _ body: (inout Self) throws(E) -> Void) throws(E) {
    line("switch \(subject) {")
    try body(&self)
    line("}")
  }

  /// Adds what `body` adds, one level deeper.
  mutating func indented<E: Error>(_ body: (inout Self) throws(E) -> Void) throws(E) {
    level += 1
    try body(&self)
    level -= 1
  }
}
