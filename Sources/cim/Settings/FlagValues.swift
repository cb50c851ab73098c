import ArgumentParser
import Configuration

/// The flags that were given, by the key of their setting.
struct FlagValues: Sendable {
  /// The text of each flag.
  private(set) var texts: [String: String] = [:]

  /// Notes a flag; `nil` when it was not given.
  mutating func set(_ setting: Setting<some Sendable>, _ value: String?) {
    if let value { self.texts[setting.key] = value }
  }

  /// Notes a flag that was given any number of times.
  mutating func set(_ setting: Setting<some Sendable>, _ values: [String]) {
    self.set(setting, values.isEmpty ? nil : values.joined(separator: ","))
  }

  /// Notes what is noted elsewhere.
  mutating func merge(_ other: FlagValues) {
    self.texts.merge(other.texts) { $1 }
  }

  var provider: InMemoryProvider {
    let values = self.texts.map { (AbsoluteConfigKey(dotted: $0), ConfigValue(.string($1), isSecret: false)) }
    return InMemoryProvider(name: "flags", values: Dictionary(uniqueKeysWithValues: values))
  }
}

extension AbsoluteConfigKey {
  /// A key such as `server.push-listen`.
  init(dotted text: String) {
    self.init(text.split(separator: ".").map(String.init))
  }
}

extension Setting {
  var argumentName: NameSpecification { .customLong(self.flag) }

  /// Its line in `--help`.
  var help: ArgumentHelp { self.help(fallback: self.fallback) }

  /// Its line in `--help` of a command that has a default of its own.
  func help(fallback: String?) -> ArgumentHelp {
    let fallback = fallback.map { "Default: \($0)" } ?? "Required"
    return ArgumentHelp(
      "\(self.summary) \(fallback). [\(self.environment), \(self.key)]", valueName: self.placeholder)
  }
}

extension Option where Value == String? {
  /// The flag of a setting.
  init(_ setting: Setting<some Sendable>) {
    self.init(name: setting.argumentName, help: setting.help)
  }
}
