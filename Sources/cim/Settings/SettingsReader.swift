import Configuration

/// Reads settings: flags go before the environment, and that before the file.
struct SettingsReader: Sendable {
  private struct Source {
    let provider: any ConfigProvider
    /// How the source calls a setting, for errors.
    let name: @Sendable (_ flag: String, _ environment: String, _ key: String) -> String
  }

  private let sources: [Source]

  /// Opens the sources.
  ///
  /// - Parameters:
  ///   - flags: The flags that were given, by key.
  ///   - environment: The environment variables of the process, by default.
  ///   - file: The path of a JSON file, if there is one.
  /// - Throws: When the file can't be read, is no JSON, or has an unknown key.
  init(
    flags: FlagValues, environment: EnvironmentVariablesProvider = EnvironmentVariablesProvider(),
    file: String?
  ) async throws(SettingError) {
    var sources = [
      Source(provider: flags.provider, name: { flag, _, _ in "--\(flag)" }),
      Source(
        provider: environment.prefixKeys(with: "cim"),
        name: { _, environment, _ in "\(environment) in the environment" }),
    ]
    if let file {
      let provider = try await Self.open(file)
      sources.append(Source(provider: provider, name: { _, _, key in "\"\(key)\" in \(file)" }))
    }
    self.sources = sources
  }

  /// The value of a setting; `nil` when it is not set anywhere. An empty environment variable counts as not set.
  ///
  /// - Throws: When what is set is not valid.
  func value<Value>(_ setting: Setting<Value>) throws(SettingError) -> Value? {
    let key = AbsoluteConfigKey(dotted: setting.key)
    for source in self.sources {
      guard let text = Self.text(key, source.provider), !text.isEmpty else { continue }
      guard let value = setting.parse(text) else {
        throw .invalid(
          setting, value: text, source: source.name(setting.flag, setting.environment, setting.key))
      }
      return value
    }
    return nil
  }

  /// The value of a setting that has a fixed default.
  func required<Value>(_ setting: Setting<Value>) throws(SettingError) -> Value {
    if let value = try self.value(setting) { return value }
    guard let value = setting.fallback.flatMap(setting.parse) else { throw .missing(setting) }
    return value
  }

  private static func text(_ key: AbsoluteConfigKey, _ provider: any ConfigProvider) -> String? {
    // These providers turn every value into text: there is no conversion that could fail.
    guard case .string(let text)?? = (try? provider.value(forKey: key, type: .string))?.value?.content else {
      return nil
    }
    return text
  }

  private static func open(_ path: String) async throws(SettingError) -> FileProvider<SettingsFile> {
    let provider: FileProvider<SettingsFile>
    do {
      let location = ConfigReader(
        provider: InMemoryProvider(values: ["filePath": .init(.string(path), isSecret: false)]))
      provider = try await FileProvider<SettingsFile>(config: location)
    } catch {
      throw .file(path, "the file of --config can't be used: \(error)")
    }
    guard let file = provider.snapshot() as? SettingsFile else {
      preconditionFailure("a file provider's snapshot is of the type it was made with")
    }
    if let unknown = file.keys.first(where: { !Settings.keys.contains($0) }) {
      throw .unknown(unknown, file: path)
    }
    return provider
  }
}
