import ArgumentParser

/// The program.
@main
struct CimChaos: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cim-chaos",
    abstract:
      "Break a cim of real processes under load, and prove from its clients' histories that nothing was lost.",
    subcommands: [
      RunCommand.self, RollingCommand.self, OfflineCommand.self, CrashCommand.self, CheckCommand.self,
      ClientCommand.self,
    ],
    defaultSubcommand: RunCommand.self)
}
