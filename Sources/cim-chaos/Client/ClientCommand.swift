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
    try await withThrowingTaskGroup { group in
      var mailboxes: [String: AsyncStream<ClientOrder>.Continuation] = [:]
      for member in members {
        let client = try HostedClient(member, setting)
        let (orders, mailbox) = AsyncStream.makeStream(of: ClientOrder.self)
        group.addTask { try await client.obey(orders) }
        mailbox.yield(.enter(name: member.name))
        mailboxes[member.name] = mailbox
      }
      try await Self.passOn(to: mailboxes)
      try await group.waitForAll()
    }
  }

  /// Hands over what standard input says. The end of it without a `quit` is the end of the run.
  private static func passOn(to mailboxes: [String: AsyncStream<ClientOrder>.Continuation]) async throws {
    let decoder = JSONDecoder()
    while let line = try await NIOThreadPool.singleton.runIfActive({ readLine() }) {
      let order = try decoder.decode(ClientOrder.self, from: Data(line.utf8))
      switch order {
      case .rate: for mailbox in mailboxes.values { mailbox.yield(order) }
      case .say(let name, _, _), .leave(let name), .enter(let name): mailboxes[name]?.yield(order)
      case .quit:
        for mailbox in mailboxes.values {
          mailbox.yield(order)
          mailbox.finish()
        }
        return
      }
    }
    throw ExitCode.failure
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
