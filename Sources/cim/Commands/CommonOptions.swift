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

  /// Opens the settings.
  func settings(_ flags: (inout FlagValues) -> Void) async throws(SettingError) -> SettingsReader {
    var values = FlagValues()
    values.set(Settings.logLevel, self.logLevel)
    flags(&values)
    return try await SettingsReader(flags: values, file: self.config)
  }
}
