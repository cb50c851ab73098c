import CIMCore
import CIMProtos
import Logging
import NIOCore
import NgRPC
import NgRPCProtos
import NgRPCServices

/// A port with services, and with what every port has: health and reflection.
struct Port: Sendable {
  /// Where it listens.
  let endpoint: Endpoint

  private let server: RPCServer
  private let health: HealthService
  private let names: [String]

  /// Opens a port. It is not healthy before `setReady`.
  ///
  /// - Parameters:
  ///   - interceptors: Step into every call, those of health and reflection included.
  ///   - address: Where to listen; with port 0 the system chooses one.
  /// - Throws: `RPCError` when the address can't be bound.
  static func open(
    _ services: [any RPCService], interceptors: [any ServerInterceptor] = [], on address: Endpoint,
    logger: Logger
  ) async throws -> Port {
    var router = RPCRouter()
    for service in services { service.register(with: &router) }
    let names = router.services
    let health = HealthService(
      Dictionary(uniqueKeysWithValues: ([""] + names).map { ($0, HealthService.Status.notServing) }))
    let server = RPCServer(
      services: services + [health, ReflectionService(CIMProtosDescriptors.all)],
      interceptors: interceptors, logger: logger)
    let bound = try await server.start(on: .hostAndPort(address.host, address.port))
    let endpoint = Endpoint(host: address.host, port: bound.port ?? address.port)
    return Port(endpoint: endpoint, server: server, health: health, names: names)
  }

  /// Says from now on whether the services are ready.
  func setReady(_ isReady: Bool) {
    for name in [""] + self.names { self.health.setStatus(isReady ? .serving : .notServing, for: name) }
  }

  /// Says from now on that nothing is ready, for good.
  func drain() { self.health.drain() }

  /// Takes no more calls, and waits for those that run.
  func close(within grace: Duration) async { await self.server.shutdown(within: grace) }
}
