import CIMCore
import CIMServer
import Logging
import NgRPC
import ServiceLifecycle

/// A server, from its ports to its end.
struct ServerService: Service {
  /// How long what was sent last may take to arrive.
  private static let lastWords: Duration = .milliseconds(500)

  /// Where clients connect to.
  var endpoint: Endpoint { self.clientPort.endpoint }

  /// Where routes connect to.
  var pushEndpoint: Endpoint { self.pushPort.endpoint }

  /// What was counted since the start.
  var statistics: ServerStatistics { self.node.statistics }

  private let node: ServerNode
  private let clientPort: Port
  private let pushPort: Port
  private let advertised: ServerNode.Advertised
  private let grace: Duration

  /// Opens the ports.
  ///
  /// - Parameters:
  ///   - address: Where to listen for clients.
  ///   - pushAddress: Where to listen for routes.
  ///   - advertised: Where others reach what listens there.
  ///   - grace: How long it waits for clients to leave when it stops.
  /// - Throws: `RPCError` when an address can't be bound.
  init(
    _ configuration: ServerConfiguration, registry: any ServerRegistry, address: Endpoint,
    pushAddress: Endpoint, advertised: (ServerNode.Advertised) -> ServerNode.Advertised,
    grace: Duration,
    logger: Logger
  ) async throws {
    self.node = ServerNode(configuration: configuration, registry: registry, logger: logger)
    self.clientPort = try await Port.open(self.node.clientServices, on: address, logger: logger)
    self.pushPort = try await Port.open(self.node.pushServices, on: pushAddress, logger: logger)
    self.advertised = advertised(
      ServerNode.Advertised(client: self.clientPort.endpoint, push: self.pushPort.endpoint))
    self.grace = grace
  }

  /// Serves until the process is asked to stop.
  ///
  /// - Throws: `StoreError` when the registry refuses the server.
  func run() async throws {
    async let _ = self.followReadiness()
    try await withThrowingTaskGroup { group in
      group.addTask { try await self.node.run(advertising: self.advertised) }
      group.addTask {
        try await gracefulShutdown()
        self.clientPort.drain()
        self.pushPort.drain()
        await self.node.shutdown(within: self.grace)
        // The clients have left, and links never end by themselves.
        await self.clientPort.close(within: Self.lastWords)
        await self.pushPort.close(within: Self.lastWords)
      }
      try await group.waitForAll()
    }
  }

  /// Ends when it is cancelled, which the end of `run` does.
  private func followReadiness() async {
    for await isReady in self.node.readiness() {
      self.clientPort.setReady(isReady)
      self.pushPort.setReady(isReady)
    }
  }
}
