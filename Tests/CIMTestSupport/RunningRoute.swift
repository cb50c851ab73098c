import CIMCore
import CIMRoute
import Logging
import NIOCore
import NgRPC

/// A route on a free port.
public final class RunningRoute: Sendable {
  public let node: RouteNode
  /// Where it is reached.
  public let address: SocketAddress
  private let server: RPCServer
  private let task: Task<Void, any Error>

  init(_ id: String, _ cluster: Cluster.Configuration, logger: Logger) async throws {
    var configuration = RouteConfiguration(id: try ServerID(id), version: "test")
    cluster.route(&configuration)
    let node = RouteNode(
      configuration: configuration, stores: cluster.stores, registry: cluster.registry, logger: logger)
    server = RPCServer(services: node.services + node.adminServices, logger: logger)
    address = try await server.start(on: .hostAndPort("127.0.0.1", 0))
    self.node = node
    task = Task { try await node.run(advertising: nil) }
  }

  /// Stops it in good order.
  public func stop() async {
    await node.withdraw()
    await server.shutdown(within: .seconds(1))
    await node.shutdown(within: .seconds(1))
    _ = await task.result
  }

  /// Ends its links and stops following the registry, as a process that dies does.
  public func crash() async {
    task.cancel()
    _ = await task.result
    await server.shutdown(within: .zero)
  }
}
