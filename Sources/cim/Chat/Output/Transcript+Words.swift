import CIMCore

extension Transcript {
  /// What a part of a line is, and so by which colour it is marked (ECMA-48, SGR).
  enum Paint: String {
    case name = "36"
    case place = "35"
    case notice = "2"
    case failure = "31"
    case found = "1;33"
  }

  /// A part of a line, marked.
  func paint(_ paint: Paint, _ text: String) -> String {
    self.colours ? "\u{1B}[\(paint.rawValue)m\(text)\u{1B}[0m" : text
  }

  /// A line about the connection or the input.
  func notice(_ words: String...) -> String {
    self.paint(.notice, "* \(words.joined(separator: " "))")
  }

  /// A line about something that did not work.
  func failure(_ text: String) -> String { self.paint(.failure, "! \(text)") }

  /// A user by name and id.
  static func name(_ account: Account?) -> String {
    account.map { "\(Self.printable($0.name.rawValue)) (\($0.id))" } ?? "nobody yet"
  }

  /// A conversation in words, for `me`.
  static func place(_ conversation: Conversation, me: Account?) -> String {
    switch conversation {
    case .lobby: "the lobby"
    case .direct(let pair) where pair.lower == me?.id: "your private conversation with \(pair.higher)"
    case .direct(let pair) where pair.higher == me?.id: "your private conversation with \(pair.lower)"
    case .direct(let pair): "the private conversation of \(pair.lower) and \(pair.higher)"
    case .group(let group): "group \(group)"
    }
  }

  /// The beginning of a text, between quotation marks.
  static func excerpt(_ text: String) -> String {
    let limit = 20
    let start = text.prefix(limit)
    return "\"\(Self.printable(String(start)))\(start.count < text.count ? "…" : "")\""
  }

  /// Seconds with one decimal, rounded up so that none is shown as 0.0.
  static func seconds(_ duration: Duration) -> String {
    let tenths = Int64((duration / .milliseconds(100)).rounded(.up))
    return "\(tenths / 10).\(tenths % 10)"
  }

  /// Columns side by side, each but the last as wide as its widest.
  static func table(_ rows: [(left: String, right: String)]) -> String {
    let width = rows.map(\.left.count).max() ?? 0
    return rows.map { row in
      let padding = String(repeating: " ", count: width - row.left.count)
      return "  \(row.left)\(padding)  \(row.right)"
    }.joined(separator: "\n")
  }
}
