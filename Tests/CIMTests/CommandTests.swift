import ArgumentParser
import Testing

@testable import cim

@Suite struct CommandTests {
  private static let commands: [any SettingsCommand.Type] = [
    ChatCommand.self, DemoCommand.self, RouteCommand.self, ServerCommand.self,
    AdminServersCommand.self,
  ]

  /// The flags with a value in a command's help.
  private func flags(of command: any SettingsCommand.Type) -> [String] {
    command.helpMessage(columns: 200).matches(of: /\n  (--[a-z-]+) </).map { String($0.1) }
  }

  @Test("Every flag that help names sets its setting", arguments: Self.commands.indices)
  func flagsAreRead(index: Int) throws {
    let command = Self.commands[index]
    let flags = self.flags(of: command).filter { $0 != "--config" }
    #expect(flags.count >= 2)
    for flag in flags {
      let parsed = try command.parse([flag, "a value"])
      #expect(Array(parsed.flags.texts.values) == ["a value"], "\(flag)")
    }
  }

  @Test("Help names the environment variable and the key of every flag", arguments: Self.commands.indices)
  func helpIsComplete(index: Int) throws {
    let help = Self.commands[index].helpMessage(columns: 400)
    for flag in self.flags(of: Self.commands[index]) where flag != "--config" {
      let parsed = try Self.commands[index].parse([flag, "x"])
      let key = try #require(parsed.flags.texts.keys.first)
      let variable = "CIM_" + key.uppercased().replacing(/[.-]/, with: "_")
      #expect(help.contains("[\(variable), \(key)]"), "\(flag)")
      #expect(Settings.keys.contains(key), "\(key) may stand in a file")
    }
  }

  @Test("Routes are given one by one")
  func routes() throws {
    let command = try ChatCommand.parse(["--route", "a:1", "--route", "b:2"])
    #expect(command.flags.texts == ["chat.route": "a:1,b:2"])
  }
}
