import CIMCore

/// What a line means that the user typed.
enum ChatLine: Hashable {
  /// Nothing but blanks.
  case empty
  /// A text to everybody.
  case say(String)
  /// `id;;text`: a text to one user.
  case tell(UserID, String)
  /// Of the form `id;;text`, with an id that is none.
  case malformedID(String)
  /// `:olu`
  case onlineUsers
  /// `:info`
  case info
  /// `:all`
  case help
  /// `:q!`
  case quit
  /// `:x`, and there is no such command.
  case unknown(String)

  /// Reads a line; its line break is not part of it.
  init(_ line: String) {
    let text = line.last == "\r" ? line.dropLast() : line[...]
    let trimmed = text.trimmingSpaces
    if trimmed.allSatisfy(\.isWhitespace) {
      self = .empty
    } else if trimmed.first == ":" {
      self = Self.command(String(trimmed))
    } else if let separator = text.firstRange(of: ";;"),
      let line = Self.private(
        to: text[..<separator.lowerBound].trimmingSpaces, String(text[separator.upperBound...]))
    {
      self = line
    } else {
      self = .say(String(text))
    }
  }

  private static func command(_ text: String) -> Self {
    switch text {
    case ":olu": .onlineUsers
    case ":info": .info
    case ":all": .help
    case ":q!", ":q": .quit
    // A smiley is not meant as a command.
    case _ where text.dropFirst().first.map { !$0.isLetter && !$0.isNumber } ?? true: .say(text)
    default: .unknown(text)
    }
  }

  /// `nil` when it was not meant as a private message: only one word stands before the ";;" of one.
  private static func `private`(to id: Substring, _ text: String) -> Self? {
    guard !id.isEmpty, id.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
      return nil
    }
    guard let user = UserID(String(id)) else { return .malformedID(String(id)) }
    return text.allSatisfy(\.isWhitespace) ? .empty : .tell(user, text)
  }
}
