import ArgumentParser
import CIMCore
import CIMServer
import Logging
import NIOCore
import NgRPC

/// `cim server`
struct ServerCommand: SettingsCommand {
  static let configuration = CommandConfiguration(
    commandName: "server",
    abstract: "Run a server: it holds the connections of clients.",
    discussion: """
      Run as many as the clients take, each with an id of its own. A second one on the same machine:
        cim server --id b --listen 0.0.0.0:7501 --push-listen 0.0.0.0:7601

      Behind a NAT or a proxy, --advertise is the address that clients are told, --push-advertise the one for routes. \
      While ZooKeeper is away the server tries again, and its health (grpc.health.v1) is NOT_SERVING. SIGTERM or \
      Ctrl-C stops it in good order: its clients move to other servers first.
      """)

  @Option(Settings.serverListen) var listen: String?
  @Option(Settings.serverPushListen) var pushListen: String?
  @Option(Settings.serverID) var id: String?
  @Option(Settings.serverAdvertise) var advertise: String?
  @Option(Settings.serverPushAdvertise) var pushAdvertise: String?
  @Option(Settings.idleTimeout) var sessionIdleTimeout: String?
  @Option(Settings.pingInterval) var sessionPingInterval: String?
  @Option(Settings.drainSpread) var shutdownDrainSpread: String?
  @OptionGroup var node: NodeOptions

  var common: CommonOptions { self.node.common }

  var flags: FlagValues {
    var flags = self.node.flags
    flags.set(Settings.serverListen, self.listen)
    flags.set(Settings.serverPushListen, self.pushListen)
    flags.set(Settings.serverID, self.id)
    flags.set(Settings.serverAdvertise, self.advertise)
    flags.set(Settings.serverPushAdvertise, self.pushAdvertise)
    flags.set(Settings.idleTimeout, self.sessionIdleTimeout)
    flags.set(Settings.pingInterval, self.sessionPingInterval)
    flags.set(Settings.drainSpread, self.shutdownDrainSpread)
    return flags
  }

  func run() async throws {
    let settings = try await self.settings()
    let logger = try settings.logger(label: "cim.server")
    let address = try settings.required(Settings.serverListen)
    let pushAddress = try settings.required(Settings.serverPushListen)
    let advertised = try settings.value(Settings.serverAdvertise)
    let pushAdvertised = try settings.value(Settings.serverPushAdvertise)
    let grace = try settings.required(Settings.grace)
    var configuration = ServerConfiguration(
      id: try settings.identifier(Settings.serverID), version: Version.text)
    configuration.maxTextBytes = try settings.required(Settings.textBytes)
    configuration.idleTimeout = TimeAmount(try settings.required(Settings.idleTimeout))
    configuration.pingInterval = TimeAmount(try settings.required(Settings.pingInterval))
    configuration.drainSpread = try settings.value(Settings.drainSpread).map { TimeAmount($0) }
    let registry = try settings.registry(logger: logger)

    let server: ServerService
    do {
      server = try await ServerService(
        configuration, registry: registry, address: address, pushAddress: pushAddress,
        advertised: { bound in
          .init(
            client: advertised ?? Machine.advertised(bound.client),
            push: pushAdvertised ?? Machine.advertised(bound.push))
        }, grace: grace, logger: logger)
    } catch let error as RPCError {
      throw SettingError.unusable(
        Settings.serverListen, value: "\(address) with \(pushAddress)", reason: error.message)
    }
    logger.notice(
      "Server \(configuration.id) listens on \(server.endpoint) for clients, on \(server.pushEndpoint) for routes."
    )
    let statistics = try settings.statistics(of: { server.statistics }, logger: logger)
    try await serve(statistics + [RegistryService(registry: registry), server], logger: logger)
  }
}
