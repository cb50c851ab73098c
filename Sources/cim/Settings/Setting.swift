/// One thing that can be set: by a flag, by an environment variable or in the file of `--config`, the first of these that
/// is there.
///
/// All that people read about a setting (help, errors) is made of this, so that it can't disagree with what is read.
struct Setting<Value: Sendable>: Sendable {
  /// Its dotted name, such as `server.push-listen`: the key in the file.
  let key: String

  /// The flag, without its dashes. A command's own settings leave the command's name out: `push-listen`.
  let flag: String

  /// What stands for the value in help: `host:port`.
  let placeholder: String

  /// What it sets, as a sentence.
  let summary: String

  /// What a valid value is, for errors: "an address such as 0.0.0.0:7400".
  let rule: String

  /// What holds when it is not set, in words; `nil` when it must be set.
  let fallback: String?

  /// Whether the value may hold a password: it is never printed then.
  let isSecret: Bool

  /// The value that a text stands for; `nil` when it stands for none.
  let parse: @Sendable (String) -> Value?

  /// Describes a setting.
  ///
  /// - Parameter command: The command that the setting belongs to alone, which is then the key's first part.
  init(
    _ key: String, of command: String? = nil, _ placeholder: String, _ summary: String, rule: String,
    fallback: String? = nil, isSecret: Bool = false, parse: @escaping @Sendable (String) -> Value?
  ) {
    let ownPrefix = command.map { "\($0)." } ?? ""
    precondition(key.hasPrefix(ownPrefix), "\(key) is no setting of \(command ?? "")")
    self.key = key
    self.flag = key.dropFirst(ownPrefix.count).map { $0 == "." ? "-" : String($0) }.joined()
    self.placeholder = placeholder
    self.summary = summary
    self.rule = rule
    self.fallback = fallback
    self.isSecret = isSecret
    self.parse = parse
  }

  /// The environment variable: `CIM_SERVER_PUSH_LISTEN`.
  var environment: String {
    "CIM_" + self.key.uppercased().map { $0 == "." || $0 == "-" ? "_" : String($0) }.joined()
  }

  /// Its three names, for errors.
  var spellings: String {
    "--\(self.flag), \(self.environment) in the environment, or \"\(self.key)\" in the file of --config"
  }
}
