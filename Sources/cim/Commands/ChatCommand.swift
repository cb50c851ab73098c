import ArgumentParser
import CIMClient
import CIMCore
import Logging

/// `cim chat`
struct ChatCommand: SettingsCommand {
  static let configuration = CommandConfiguration(
    commandName: "chat",
    abstract: "Chat in this terminal.",
    discussion: """
      What you type goes to everybody who is online; "7;;hello" goes to user 7 only. :olu lists who is online, :all \
      lists all commands, :q! leaves.

      Standard input that is no terminal is read as lines to send, and standard output has the messages only:
        echo "the build is done" | cim chat --name ci --route chat.example:7400
      """)

  @Option(Settings.chatName) var name: String?

  @Option(name: Settings.chatRoutes.argumentName, help: Settings.chatRoutes.help) var route: [String] = []

  @Option(Settings.chatDevice) var device: String?

  @OptionGroup var common: CommonOptions

  var flags: FlagValues {
    var flags = self.common.flags
    flags.set(Settings.chatName, self.name)
    flags.set(Settings.chatRoutes, self.route)
    flags.set(Settings.chatDevice, self.device)
    return flags
  }

  func run() async throws {
    let settings = try await self.settings()
    let name = try settings.required(Settings.chatName)
    let routes = try settings.required(Settings.chatRoutes)
    let device = try settings.value(Settings.chatDevice) ?? .random()
    let level = try settings.value(Settings.logLevel) ?? .warning

    let surface = openSurface()
    let client = ChatClient(
      ChatClient.Configuration(
        routes: routes, identity: .name(name), device: device, logger: .chat(level: level, surface)))
    try await ChatSession(client: client, surface: surface).run().exit()
  }
}
