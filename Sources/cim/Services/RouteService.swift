import CIMCore
import CIMRoute
import Logging
import NgRPC
import ServiceLifecycle

/// A route, from its port to its end.
struct RouteService: Service {
  /// Where it listens.
  var endpoint: Endpoint { self.port.endpoint }

  /// Where operators call it; nil when they can't.
  var adminEndpoint: Endpoint? { self.adminPort?.endpoint }

  /// What was counted since the start.
  var statistics: RouteStatistics { self.node.statistics }

  private let node: RouteNode
  private let port: Port
  private let adminPort: Port?
  private let advertised: Endpoint?
  private let grace: Duration

  /// Opens the port.
  ///
  /// - Parameters:
  ///   - address: Where to listen.
  ///   - advertised: Where others reach it; `nil` keeps it out of the registry.
  ///   - admin: How operators are served; nil for not at all.
  ///   - grace: How long it waits for calls when it stops.
  /// - Throws: `RPCError` when the address can't be bound, `SettingError` when the operators' can't.
  init(
    _ configuration: RouteConfiguration, stores: Stores, registry: any ServerRegistry,
    address: Endpoint, advertised: ((Endpoint) -> Endpoint)?, admin: AdminAccess? = nil, grace: Duration,
    logger: Logger
  ) async throws {
    self.node = RouteNode(configuration: configuration, stores: stores, registry: registry, logger: logger)
    self.port = try await Port.open(self.node.services, on: address, logger: logger)
    self.adminPort = try await admin?.open(self.node.adminServices, logger: logger)
    self.advertised = advertised?(self.port.endpoint)
    self.grace = grace
  }

  /// Serves until the process is asked to stop.
  ///
  /// - Throws: `StoreError` when the registry refuses the route.
  func run() async throws {
    async let _ = self.followReadiness()
    try await withThrowingTaskGroup { group in
      group.addTask { try await self.node.run(advertising: self.advertised) }
      group.addTask {
        try await gracefulShutdown()
        self.port.drain()
        self.adminPort?.drain()
        await self.node.withdraw()
        await self.port.close(within: self.grace)
        await self.adminPort?.close(within: self.grace)
        await self.node.shutdown(within: self.grace)
      }
      try await group.waitForAll()
    }
  }

  /// Ends when it is cancelled, which the end of `run` does.
  private func followReadiness() async {
    for await isReady in self.node.readiness() {
      self.port.setReady(isReady)
      self.adminPort?.setReady(isReady)
    }
  }
}
