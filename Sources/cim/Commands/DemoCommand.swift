import ArgumentParser
import CIMClient
import CIMCore
import Logging
import NgRPC

/// `cim demo`
struct DemoCommand: SettingsCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Chat with a bot, at once: everything runs in this process.",
    discussion: """
      A route, two servers and a bot that echoes what you say, on stores in memory: nothing to install, nothing left \
      behind. It listens on ports of this machine only; others on it can join with the line that it prints.

      Standard input that is no terminal is read as lines to send:
        printf 'hi\\n:olu\\n:q!\\n' | cim demo
      """)

  @Option(
    name: Settings.chatName.argumentName,
    help: Settings.chatName.help(fallback: "guest- and two random digits"))
  var name: String?

  @Flag(help: ChatCommand.jsonHelp) var json = false

  @OptionGroup var common: CommonOptions

  var flags: FlagValues {
    var flags = self.common.flags
    flags.set(Settings.chatName, self.name)
    return flags
  }

  func run() async throws {
    let settings = try await self.settings()
    let name = try settings.value(Settings.chatName) ?? Self.guest()
    let acquaintances = Acquaintances()
    let surface = openSurface(isJSON: self.json, acquaintances: acquaintances, lines: nil)
    let logger = Logger.chat(level: try settings.value(Settings.logLevel) ?? .warning, surface)

    let system = try await DemoSystem(logger: logger)
    // The process ends with the chat: nothing here is stopped before.
    Task {
      do {
        try await system.run()
      } catch {
        logger.critical("The demo has failed.", metadata: ["error": "\(error)"])
      }
    }
    let bot = ChatClient(
      ChatClient.Configuration(
        routes: [system.endpoint], identity: .name(try UserName("echo")), logger: logger))
    try await bot.connect()
    guard let echo = bot.info.account else { preconditionFailure("a connected client has an account") }
    Task { await EchoBot(client: bot).run() }

    let client = ChatClient(
      ChatClient.Configuration(routes: [system.endpoint], identity: .name(name), logger: logger))
    let outcome = await ChatSession(
      client: client, surface: surface, acquaintances: acquaintances, log: InMemoryChatLog(),
      greeting: Self.greeting(name, echo, system.endpoint), replier: echo.id
    ).run()
    try outcome.exit()
  }

  private static func guest() throws -> UserName {
    let digits = String(Int.random(in: 0...255), radix: 16)
    return try UserName("guest-\(digits.count < 2 ? "0" : "")\(digits)")
  }

  /// The three lines that say what to type.
  static func greeting(_ name: UserName, _ echo: Account, _ route: Endpoint) -> [String] {
    let name = Transcript.printable(name.rawValue)
    return [
      "You are \(name). Type a text: everybody gets it, and the bot \(echo.name) (\(echo.id)) answers.",
      "\(echo.id);;text goes to user \(echo.id) only; :olu lists who is online, :all helps, :q! leaves.",
      "To join: \(CommandLine.arguments[0]) chat --name ann --route \(route) (the route's API)",
    ]
  }
}
