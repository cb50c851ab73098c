import ArgumentParser
import Foundation

/// The program.
@main
struct Cim: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cim",
    abstract: "Chat with others, and run what carries the chat.",
    discussion: """
      A first look, with nothing to install or to set up:
        cim demo

      A system of its own takes Redis, ZooKeeper, and at least one route and one server:
        cim route --redis-url redis://127.0.0.1:6379 --zookeeper-connect 127.0.0.1:2181
        cim server --zookeeper-connect 127.0.0.1:2181
        cim chat --name ann --route 127.0.0.1:7400

      Settings come from flags, else from the environment, else from the JSON file of --config. Help names the three \
      after each flag: --redis-url … [CIM_REDIS_URL, redis.url].
      """,
    version: Version.text,
    subcommands: [
      DemoCommand.self, ChatCommand.self, RouteCommand.self, ServerCommand.self, AdminCommand.self,
      TopCommand.self,
    ])

  static func main() async {
    do {
      var command = try Self.parseAsRoot()
      if var command = command as? any AsyncParsableCommand {
        try await command.run()
      } else {
        try command.run()
      }
    } catch let error as SettingError {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      Self.exit(withError: ExitCode(EX_CONFIG))
    } catch let error as AdminFailure {
      FileHandle.standardError.write(Data("error: \(error)\n".utf8))
      Self.exit(withError: ExitCode(error.exitCode))
    } catch {
      Self.exit(withError: error)
    }
  }
}
