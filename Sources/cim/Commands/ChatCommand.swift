import ArgumentParser
import CIMClient
import CIMCore
import Foundation
import Logging
import NgRPC

/// `cim chat`
struct ChatCommand: SettingsCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Chat in this terminal.",
    discussion: """
      What you type goes to everybody who is online; "7;;hello" goes to user 7 only. :olu lists who is online, :all \
      lists all commands, :q! leaves.

      What others said while you were away is shown when you come back, and what you said last and nobody answered is sent \
      again.

      Standard input that is no terminal is read as lines to send, and standard output has the messages only:
        echo "the build is done" | cim chat --name ci --route chat.example:7400
      """)

  @Option(Settings.chatName) var name: String?

  @Option(name: Settings.chatRoutes.argumentName, help: Settings.chatRoutes.help) var route: [String] = []

  @Option(Settings.chatState) var state: String?

  @Flag(help: Self.jsonHelp) var json = false

  @OptionGroup var common: CommonOptions

  var flags: FlagValues {
    var flags = self.common.flags
    flags.set(Settings.chatName, self.name)
    flags.set(Settings.chatRoutes, self.route)
    flags.set(Settings.chatState, self.state)
    return flags
  }

  func run() async throws {
    let settings = try await self.settings()
    let name = try settings.required(Settings.chatName)
    let routes = try settings.required(Settings.chatRoutes)
    let state = try settings.value(Settings.chatState) ?? Self.standardState(name, routes)
    let level = try settings.value(Settings.logLevel) ?? .warning

    let acquaintances = Acquaintances()
    let surface = openSurface(
      isJSON: self.json, acquaintances: acquaintances, lines: LineHistory(path: "\(state)/lines"))
    var configuration = ChatClient.Configuration(
      routes: routes, identity: .name(name), storage: FileStorage(directory: state),
      logger: .chat(level: level, surface))
    configuration.deviceKind = try DeviceKind("terminal")
    let client = ChatClient(configuration)
    try await ChatSession(
      client: client, surface: surface, acquaintances: acquaintances,
      log: ChatLogFiles(directory: "\(state)/log")
    ).run().exit()
  }

  /// For `--json`.
  static let jsonHelp = ArgumentHelp(
    "Show each thing that happens, and each answer, as one line of JSON on standard output: for scripts.")

  private static func standardState(_ name: UserName, _ routes: [Endpoint]) throws(SettingError) -> String {
    let environment = ProcessInfo.processInfo.environment
    guard let path = StateDirectory.standard(name: name, routes: routes, environment: environment) else {
      throw .missing(Settings.chatState)
    }
    return path
  }
}
