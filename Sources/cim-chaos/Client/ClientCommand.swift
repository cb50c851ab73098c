import ArgumentParser
import CIMChaos
import CIMCore
import Foundation
import Logging
import NIOPosix
import NgRPC

/// `cim-chaos client`
struct ClientCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "client",
    abstract:
      "Be some of a run's clients: the run starts this, and tells it what to do on its standard input.")

  @Option(help: "The run's directory.") var directory: String
  @Option(help: "Where routes listen.") var route: [String]
  @Option(help: "What random choices follow from.") var seed: UInt64
  @Option(help: "How much is logged, to standard error.") var logLevel = Logger.Level.info
  @Argument(help: "The names of the clients.") var names: [String]

  func run() async throws {
    var logger = Logger(label: "client") { StreamLogHandler.standardError(label: $0) }
    logger.logLevel = self.logLevel
    let roster = try Roster.read(from: RunDirectory.roster(in: self.directory))
    let setting = HostedClient.Setting(
      routes: try self.route.map { try Endpoint(parsing: $0) }, roster: roster, directory: self.directory,
      seed: self.seed, logger: logger)
    let members = roster.members.filter { self.names.contains($0.name) }
    let clients = Dictionary(
      uniqueKeysWithValues: try members.map { ($0.name, try HostedClient($0, setting)) })
    for client in clients.values { try await client.enter() }
    try await Self.obey(clients)
  }

  /// Does what standard input says, one order after the other; the end of it is the end of the run.
  private static func obey(_ clients: [String: HostedClient]) async throws {
    let decoder = JSONDecoder()
    while let line = try await NIOThreadPool.singleton.runIfActive({ readLine() }) {
      switch try decoder.decode(ClientOrder.self, from: Data(line.utf8)) {
      case .rate(let rate):
        for client in clients.values { await client.chat(rate) }
      case .say(let name, let conversation, let count):
        Task { await clients[name]?.say(count, in: conversation) }
      case .leave(let name):
        Task { await clients[name]?.leave() }
      case .enter(let name):
        try await clients[name]?.enter()
      case .quit:
        await withTaskGroup { group in
          for client in clients.values { group.addTask { await client.leave() } }
        }
        return
      }
    }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
