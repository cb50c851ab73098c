import CIMClient
import CIMCore

/// What a command takes, how it is read, and what can be suggested for it.
struct Parameter<Value: Sendable>: Sendable {
  let form: ParameterForm
  let read: @Sendable (inout ArgumentReader) throws -> Value

  /// Describes a parameter.
  ///
  /// - Parameter usage: What stands for it in the help.
  init(
    _ usage: String, suggesting suggestions: ParameterForm.Suggestions = .nothing,
    read: @escaping @Sendable (inout ArgumentReader) throws -> Value
  ) {
    self.form = ParameterForm(usage: usage, suggestions: suggestions)
    self.read = read
  }

  /// The same, for which a value stands when nothing is given.
  func optional(_ fallback: Value) -> Self {
    Self("[\(self.form.usage)]", suggesting: self.form.suggestions) { [read] arguments in
      arguments.isAtEnd ? fallback : try read(&arguments)
    }
  }

  /// The same, which may be left out.
  func optional() -> Parameter<Value?> {
    Parameter<Value?>("[\(self.form.usage)]", suggesting: self.form.suggestions) { [read] arguments in
      arguments.isAtEnd ? nil : try read(&arguments)
    }
  }
}

/// What help and completion know of a parameter.
struct ParameterForm: Hashable, Sendable {
  /// What a parameter may be.
  enum Suggestions: Hashable, Sendable {
    case nothing, groups, names, conversations
  }

  /// What stands for it in the help.
  let usage: String
  /// What can be suggested for it.
  let suggestions: Suggestions
}

extension Parameter where Value == GroupID {
  /// A group, by its id; with or without "g:" before it, as in conversations.
  static var group: Self {
    Self("group", suggesting: .groups) { arguments in
      guard let word = arguments.word() else { throw ArgumentError("the group's id is missing") }
      return try Self.group(word)
    }
  }

  fileprivate static func group(_ word: String) throws -> GroupID {
    let id = word.hasPrefix("g:") ? String(word.dropFirst(2)) : word
    guard let group = try? GroupID(id) else {
      throw ArgumentError("\(word.quoted) is no group id: 1 to 64 letters of A-Z and a-z, digits, - and _")
    }
    return group
  }
}

extension Parameter where Value == String {
  /// What is to be said: the rest of the line.
  static var text: Self {
    Self("text") { arguments in
      guard let text = arguments.remainder() else { throw ArgumentError("the text is missing") }
      return Emoji.replaceAliases(in: text)
    }
  }

  /// What is searched for: the rest of the line.
  static var keyword: Self { Self.rest("keyword", maxBytes: 256) }

  /// How a name begins: the rest of the line, as names may have blanks.
  static var prefix: Self { Self.rest("prefix", maxBytes: 64, suggesting: .names) }

  private static func rest(
    _ name: String, maxBytes: Int, suggesting suggestions: ParameterForm.Suggestions = .nothing
  ) -> Self {
    Self(name, suggesting: suggestions) { arguments in
      guard let text = arguments.remainder() else { throw ArgumentError("the \(name) is missing") }
      guard text.utf8.count <= maxBytes else {
        throw ArgumentError("the \(name) is too long: \(text.utf8.count) bytes, and \(maxBytes) is the limit")
      }
      return text
    }
  }
}

/// What is said later.
struct TextLater: Sendable {
  /// What it says.
  let text: String
  /// To whom.
  let destination: Destination
  /// How long from now.
  let seconds: Int
}

extension Parameter where Value == TextLater {
  /// A line that says something, as it would be typed to say it now, and how many seconds from now.
  static var textLater: Self {
    Self("text seconds") { arguments in
      guard let rest = arguments.remainder() else { throw ArgumentError("the text is missing") }
      guard let blank = rest.lastIndex(where: \.isWhitespace) else {
        throw ArgumentError("the text or the seconds are missing")
      }
      let word = String(rest[rest.index(after: blank)...])
      let limit = Int(DelayedLimits.defaults.aheadMilliseconds / 1000)
      guard let seconds = Int(word), (1...limit).contains(seconds) else {
        throw ArgumentError("\(word.quoted) are no valid seconds: a number from 1 to \(limit)")
      }
      switch ChatLine(String(rest[..<blank].trimmingWhitespace)) {
      case .request(.say(let text, let destination)):
        return TextLater(text: text, destination: destination, seconds: seconds)
      case .mistake(let mistake): throw ArgumentError(mistake.problem)
      case .request, .unknown, .empty:
        throw ArgumentError("only texts are said later: text, id;;text, or :g say group text")
      }
    }
  }
}

extension Parameter where Value == DelayedID {
  /// What names a message that is said later.
  static var delayedID: Self {
    Self("id") { arguments in
      guard let word = arguments.word() else { throw ArgumentError("the id is missing") }
      guard let id = try? DelayedID(word) else {
        throw ArgumentError("\(word.quoted) is no id of a message; :delayed lists them")
      }
      return id
    }
  }
}

extension Parameter where Value == Int {
  /// A number within bounds.
  static func number(_ name: String, in range: ClosedRange<Int>) -> Self {
    Self(name) { arguments in
      guard let word = arguments.word() else { throw ArgumentError("the \(name) is missing") }
      guard let number = Int(word), range.contains(number) else {
        throw ArgumentError(
          "\(word.quoted) is no valid \(name): a number from \(range.lowerBound) to \(range.upperBound)")
      }
      return number
    }
  }
}

extension Parameter where Value == UserID {
  /// A user, by id.
  static var user: Self {
    Self("id") { arguments in
      guard let word = arguments.word() else { throw ArgumentError("the user's id is missing") }
      guard let user = UserID(word) else {
        throw ArgumentError("\(word.quoted) is no user id: a number from 1 on")
      }
      return user
    }
  }
}

extension Parameter where Value == Destination {
  /// `lobby`, a user's id, or `g:` and a group's id.
  static var conversation: Self {
    Self("conversation", suggesting: .conversations) { arguments in
      guard let word = arguments.word() else { throw ArgumentError("the conversation is missing") }
      if word == "lobby" { return .lobby }
      if word.hasPrefix("g:") { return .conversation(.group(try Parameter<GroupID>.group(word))) }
      if let user = UserID(word) { return .user(user) }
      throw ArgumentError("\(word.quoted) is no conversation: lobby, a user's id, or g: and a group's id")
    }
  }
}

extension String {
  /// Between quotation marks, and not long.
  fileprivate var quoted: String {
    let start = self.prefix(30)
    return "\"\(start)\(start.count < self.count ? "…" : "")\""
  }
}
