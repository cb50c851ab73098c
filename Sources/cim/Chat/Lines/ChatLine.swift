import CIMClient
import CIMCore

/// What a line means that the user typed.
enum ChatLine: Hashable, Sendable {
  /// It asks for something.
  case request(ChatRequest)
  /// It asks for something in a way that can't be done.
  case mistake(LineMistake)
  /// It begins like a command, and there is no such command.
  case unknown(String)
  /// Nothing but blanks.
  case empty

  /// Reads a line; its line break is not part of it.
  init(_ line: String) {
    let text = line.last == "\r" ? line.dropLast() : line[...]
    let trimmed = text.trimmingWhitespace
    if trimmed.allSatisfy(\.isWhitespace) {
      self = .empty
    } else if Self.isCommand(trimmed) {
      self = Self.command(trimmed)
    } else if let separator = text.firstRange(of: ";;"),
      let line = Self.private(
        to: text[..<separator.lowerBound].trimmingSpaces, String(text[separator.upperBound...]))
    {
      self = line
    } else {
      self = .request(.say(Emoji.replaceAliases(in: String(text)), to: .lobby))
    }
  }

  /// Neither a smiley nor the alias of an emoji is meant as a command.
  private static func isCommand(_ text: Substring) -> Bool {
    guard text.first == ":", let second = text.dropFirst().first else { return false }
    return (second.isLetter || second.isNumber) && !Emoji.beginsWithAlias(text)
  }

  private static func command(_ text: Substring) -> Self {
    guard let (command, arguments) = LineCommand.find(in: text) else {
      return .unknown(String(text.prefix { !$0.isWhitespace }))
    }
    let family = LineCommand.family(command.name)
    if family.count > 1, let word = arguments.split(whereSeparator: \.isWhitespace).first {
      return .mistake(
        LineMistake(problem: "there is no command \(command.name) \(word)", usage: family.map(\.usage)))
    }
    do throws(LineMistake) {
      return .request(try command.read(arguments))
    } catch {
      return .mistake(error)
    }
  }

  /// `nil` when it was not meant as a private message: only one word stands before the ";;" of one.
  private static func `private`(to id: Substring, _ text: String) -> Self? {
    guard !id.isEmpty, id.allSatisfy({ $0.isLetter || $0.isNumber || $0 == "-" || $0 == "_" }) else {
      return nil
    }
    guard let user = UserID(String(id)) else {
      return .mistake(
        LineMistake(
          problem: "\"\(id.prefix(30))\" is no user id (:olu lists them)",
          usage: [LineCommand.privateForm]))
    }
    guard !text.allSatisfy(\.isWhitespace) else {
      return .mistake(LineMistake(problem: "the text is missing", usage: [LineCommand.privateForm]))
    }
    return .request(.say(Emoji.replaceAliases(in: text), to: .user(user)))
  }
}
