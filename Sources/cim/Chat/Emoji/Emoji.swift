/// Aliases of emoji, such as `:smile:`.
enum Emoji {
  /// How many aliases a page of the list has.
  static let pageSize = 36

  /// Every alias without its colons, with its emoji, sorted by bytes.
  static let aliases: [(alias: Substring, emoji: Substring)] = Self.table.split(separator: "\n").compactMap {
    line in
    let words = line.split(separator: " ")
    return words.count == 2 ? (words[0], words[1]) : nil
  }

  private static let emojiOfAlias = Dictionary(
    uniqueKeysWithValues: Self.aliases.map { ($0.alias, $0.emoji) })

  /// How many pages the list has.
  static let pageCount = (Self.aliases.count + Self.pageSize - 1) / Self.pageSize

  /// A page of the list, counted from 1; empty past the last one.
  static func page(_ number: Int) -> ArraySlice<(alias: Substring, emoji: Substring)> {
    Self.aliases.dropFirst((number - 1) * Self.pageSize).prefix(Self.pageSize)
  }

  /// Whether a text begins with an alias between colons.
  static func beginsWithAlias(_ text: Substring) -> Bool {
    guard text.first == ":", let end = text.dropFirst().firstIndex(of: ":") else { return false }
    return Self.emojiOfAlias[text[text.index(after: text.startIndex)..<end]] != nil
  }

  /// The text with an emoji in the place of each alias between colons. What is no alias stays.
  static func replaceAliases(in text: String) -> String {
    var result = ""
    var rest = text[...]
    while let colon = rest.firstIndex(of: ":") {
      result += rest[..<colon]
      let next = rest.index(after: colon)
      if let end = rest[next...].firstIndex(of: ":"), let emoji = Self.emojiOfAlias[rest[next..<end]] {
        result += emoji
        rest = rest[rest.index(after: end)...]
      } else {
        result.append(":")
        rest = rest[next...]
      }
    }
    return result + rest
  }
}
