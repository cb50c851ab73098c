import ArgumentParser
import Logging

/// What every command takes.
struct CommonOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp(
      "A JSON file with settings, as in {\"log\": {\"level\": \"info\"}}.", valueName: "file"))
  var config: String?

  @Option(Settings.logLevel) var logLevel: String?

  /// The flags that were given.
  var flags: FlagValues {
    var flags = FlagValues()
    flags.set(Settings.logLevel, self.logLevel)
    return flags
  }
}

/// A command that is configured by settings.
protocol SettingsCommand: AsyncParsableCommand {
  /// The flags that were given.
  var flags: FlagValues { get }

  /// What every command takes.
  var common: CommonOptions { get }
}

extension SettingsCommand {
  /// Opens the settings.
  func settings() async throws(SettingError) -> SettingsReader {
    try await SettingsReader(flags: self.flags, file: self.common.config)
  }
}
