/// A setting that is missing, wrong or unknown; the text says which, and what to do.
struct SettingError: Error, Equatable, CustomStringConvertible {
  let description: String

  /// A value that means nothing.
  static func invalid(_ setting: Setting<some Sendable>, value: String, source: String) -> Self {
    let shown = setting.isSecret ? "what" : "\"\(Transcript.printable(value))\", which"
    return Self(
      description: """
        \(setting.key): \(shown) \(source) says is not valid: it takes \(setting.rule).
        Set it with \(setting.spellings).
        """)
  }

  /// A valid value that can't be used here and now.
  static func unusable(_ setting: Setting<some Sendable>, value: String, reason: String) -> Self {
    Self(
      description: """
        \(setting.key): \(value) can't be used: \(reason)
        Set it with \(setting.spellings).
        """)
  }

  /// A setting that has no default and was not set.
  static func missing(_ setting: Setting<some Sendable>) -> Self {
    Self(
      description: """
        \(setting.key) is not set: it takes \(setting.rule).
        Set it with \(setting.spellings).
        """)
  }

  /// A key of the file that nothing knows.
  static func unknown(_ key: String, file: String) -> Self {
    let near = Settings.keys.min { editDistance($0, key) < editDistance($1, key) }
    let hint =
      if let near, editDistance(near, key) <= max(2, key.count / 3) { "Did you mean \"\(near)\"?" } else {
        "The settings are: \(Settings.keys.joined(separator: ", "))."
      }
    return Self(description: "\(file): there is no setting \"\(Transcript.printable(key))\". \(hint)")
  }

  /// A file that can't be used.
  static func file(_ path: String, _ reason: String) -> Self {
    Self(description: "\(path): \(reason)")
  }
}

/// How many characters must be inserted, removed or replaced to make one text of the other.
func editDistance(_ one: String, _ other: String) -> Int {
  let other = Array(other)
  var row = Array(0...other.count)
  for (index, character) in one.enumerated() {
    var diagonal = row[0]
    row[0] = index + 1
    for column in other.indices {
      let replaced = diagonal + (character == other[column] ? 0 : 1)
      diagonal = row[column + 1]
      row[column + 1] = min(replaced, min(row[column], diagonal) + 1)
    }
  }
  return row[other.count]
}
