import CIMCore
import CIMRoute
import CIMServer
import Logging
import NgRPC

/// A whole system in one process: a route and two servers on stores in memory, reachable from this machine only.
struct DemoSystem {
  private static let loopback = Endpoint(host: "127.0.0.1", port: 0)

  /// Where the route's API listens.
  var endpoint: Endpoint { self.route.endpoint }

  private let route: RouteService
  private let servers: [ServerService]

  /// Opens all ports.
  init(logger: Logger) async throws {
    let registry = InMemoryServerRegistry()
    self.route = try await RouteService(
      RouteConfiguration(id: try ServerID("demo-route"), version: Version.text), stores: .inMemory(),
      registry: registry, address: Self.loopback, advertised: nil, grace: .zero, logger: logger)
    var servers: [ServerService] = []
    for number in 1...2 {
      servers.append(
        try await ServerService(
          ServerConfiguration(id: try ServerID("demo-\(number)"), version: Version.text), registry: registry,
          address: Self.loopback, pushAddress: Self.loopback, advertised: { $0 }, grace: .zero, logger: logger
        ))
    }
    self.servers = servers
  }

  /// Serves for as long as the process lives.
  func run() async throws {
    try await withThrowingTaskGroup { group in
      group.addTask { try await self.route.run() }
      for server in self.servers { group.addTask { try await server.run() } }
      try await group.waitForAll()
    }
  }
}
