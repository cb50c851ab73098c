import CIMCore
import CIMTestSupport
import Synchronization
import NgRPC
import TestSupport

/// A registry that tells clients of a relay in front of each server, so that a test can cut or silence their connections.
final class RelayedRegistry: ServerRegistry {
  private let registry = InMemoryServerRegistry()
  private let relays = Mutex<[ServerID: Relay]>([:])

  /// What stands in front of a server.
  func relay(_ id: String) throws -> Relay? {
    let id = try ServerID(id)
    return self.relays.withLock { $0[id] }
  }

  func register(_ server: ServerRecord) async throws(StoreError) -> any Registration {
    let relay = Relay()
    let port: Int
    do {
      port = try await relay.start(to: server.clientEndpoint.port)
    } catch {
      throw .unavailable("no relay for \(server.instance): \(error)")
    }
    self.relays.withLock { $0[server.instance.id] = relay }
    return try await self.registry.register(
      ServerRecord(
        instance: server.instance, clientEndpoint: Endpoint(host: "127.0.0.1", port: port),
        pushEndpoint: server.pushEndpoint, version: server.version, isDraining: server.isDraining))
  }

  func register(_ route: RouteRecord) async throws(StoreError) -> any Registration {
    try await self.registry.register(route)
  }

  func servers() -> AsyncStream<[ServerRecord]> { self.registry.servers() }

  func ping() async throws(StoreError) {}

  /// Stops all relays.
  func stop() async {
    for relay in self.relays.withLock({ Array($0.values) }) { await relay.stop() }
  }
}
