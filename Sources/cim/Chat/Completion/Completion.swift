import CIMCore

/// What the word at the cursor can become.
struct Completion: Hashable, Sendable {
  /// One that it can become.
  struct Candidate: Hashable, Sendable {
    /// What takes the word's place.
    let text: String
    /// What stands for it in a list.
    let label: String
  }

  /// What is to be completed: the end of what is left of the cursor.
  let word: String
  /// In the order in which they are listed.
  let candidates: [Candidate]

  private init(_ word: Substring, _ candidates: [Candidate]) {
    self.word = String(word)
    self.candidates = candidates
  }

  /// Looks for what the end of a line can become: the name of a command, what a command takes, the alias of an emoji, or a user; as
  /// the first word of a line a user becomes `id;;`, which says something to them alone.
  ///
  /// - Parameter line: What is left of the cursor.
  init(_ line: String, users: [Account], groups: [GroupID]) {
    let book = Book(users: users, groups: groups)
    let start = line[...].drop(while: \.isWhitespace)
    let word = start.suffix { !$0.isWhitespace }
    if start.first == ":", let completion = Self.command(start, book) {
      self = completion
    } else if word.first == ":" {
      self.init(word, Self.emoji(word))
    } else if word.isEmpty {
      self.init(word, [])
    } else {
      let isFirst = word.count == start.count
      self.init(word, book.users(word) { isFirst ? "\($0.id);;" : $0.name.rawValue })
    }
  }

  /// What the word becomes: the only candidate, or what all have in common when that is more than the word; `nil` when nothing is
  /// gained.
  var replacement: String? {
    guard let first = self.candidates.first else { return nil }
    if self.candidates.count == 1 { return first.text == self.word ? nil : first.text }
    let common = self.candidates.dropFirst().reduce(first.text[...]) { common, candidate in
      common.prefix(zip(common, candidate.text).prefix { $0 == $1 }.count)
    }
    return common.count > self.word.count && common.hasPrefix(self.word) ? String(common) : nil
  }

  /// What can be suggested for the part of a command at the cursor; `nil` when that is text.
  private static func command(_ line: Substring, _ book: Book) -> Self? {
    let names = LineCommand.all.filter { $0.name.hasPrefix(line) }
    if !names.isEmpty {
      return Self(
        line,
        names.map { Candidate(text: $0.parameters.isEmpty ? $0.name : "\($0.name) ", label: $0.name) })
    }
    guard let (command, arguments) = LineCommand.find(in: line) else { return nil }
    let word = arguments.suffix { !$0.isWhitespace }
    let index = arguments.dropLast(word.count).split(whereSeparator: \.isWhitespace).count
    guard command.parameters.indices.contains(index) else { return nil }
    return switch command.parameters[index].suggestions {
    case .groups: Self(word, book.groups(word))
    case .names: Self(word, book.users(word) { $0.name.rawValue })
    case .conversations: Self(word, book.conversations(word))
    case .nothing: nil
    }
  }

  private static func emoji(_ word: Substring) -> [Candidate] {
    guard word.count > 1 else { return [] }
    return Emoji.aliases.filter { $0.alias.hasPrefix(word.dropFirst()) }
      .map { Candidate(text: ":\($0.alias):", label: "\($0.emoji) :\($0.alias):") }
  }

  /// Users and groups that can be named.
  private struct Book {
    let users: [Account]
    let groups: [GroupID]

    /// Users whose names or ids begin with the word. A name that would do something to the terminal is left out.
    func users(_ word: Substring, _ text: (Account) -> String) -> [Candidate] {
      self.users.filter { user in
        let name = user.name.rawValue
        return name.lowercased().hasPrefix(word.lowercased()) && Transcript.printable(name) == name
          || "\(user.id)".hasPrefix(word)
      }
      .map { Candidate(text: text($0), label: Transcript.name($0)) }
    }

    func groups(_ word: Substring) -> [Candidate] {
      self.groups.filter { $0.rawValue.hasPrefix(word) }
        .map { Candidate(text: "\($0) ", label: $0.rawValue) }
    }

    func conversations(_ word: Substring) -> [Candidate] {
      let names = ["lobby"] + self.groups.map { "g:\($0)" }
      return names.filter { $0.hasPrefix(word) }.map { Candidate(text: "\($0) ", label: $0) }
        + self.users(word) { "\($0.id) " }
    }
  }
}

extension Substring {
  /// The longest end of which all characters are such.
  fileprivate func suffix(while predicate: (Character) -> Bool) -> Substring {
    self[(self.lastIndex { !predicate($0) }.map { self.index(after: $0) } ?? self.startIndex)...]
  }
}
