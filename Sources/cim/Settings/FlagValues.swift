import ArgumentParser
import Configuration

/// The flags that were given, by the key of their setting.
struct FlagValues: Sendable {
  private var values: [AbsoluteConfigKey: ConfigValue] = [:]

  /// Notes a flag; `nil` when it was not given.
  mutating func set(_ setting: Setting<some Sendable>, _ value: String?) {
    guard let value else { return }
    let key = AbsoluteConfigKey(setting.key.split(separator: ".").map(String.init))
    self.values[key] = ConfigValue(.string(value), isSecret: false)
  }

  /// Notes a flag that was given any number of times.
  mutating func set(_ setting: Setting<some Sendable>, _ values: [String]) {
    self.set(setting, values.isEmpty ? nil : values.joined(separator: ","))
  }

  var provider: InMemoryProvider { InMemoryProvider(name: "flags", values: self.values) }
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
