import CIMCore
import CIMServer
import Logging
import NIOCore
import NgRPC
import TestSupport

/// A server on free ports.
public final class RunningServer: Sendable {
  public let node: ServerNode
  /// Where clients reach it.
  public let address: SocketAddress
  /// Where routes reach it.
  public let pushAddress: SocketAddress
  /// What routes go through to reach it.
  public let pushRelay = Relay()
  private let clientServer: RPCServer
  private let pushServer: RPCServer
  private let task: Task<Void, any Error>

  init(_ id: String, _ cluster: Cluster.Configuration, logger: Logger) async throws {
    var configuration = ServerConfiguration(id: try ServerID(id), version: "test")
    cluster.server(&configuration)
    let node = ServerNode(configuration: configuration, registry: cluster.registry, logger: logger)
    clientServer = RPCServer(services: node.clientServices, logger: logger)
    pushServer = RPCServer(services: node.pushServices, logger: logger)
    address = try await clientServer.start(on: .hostAndPort("127.0.0.1", 0))
    pushAddress = try await pushServer.start(on: .hostAndPort("127.0.0.1", 0))
    let relayPort = try await pushRelay.start(to: pushAddress.port ?? 0)
    let advertised = ServerNode.Advertised(
      client: Endpoint(host: "127.0.0.1", port: address.port ?? 0),
      push: Endpoint(host: "127.0.0.1", port: relayPort))
    self.node = node
    task = Task { try await node.run(advertising: advertised) }
  }

  /// Stops it in good order, with no time for its clients.
  public func stop() async {
    await node.shutdown(within: .zero)
    await crash()
  }

  /// Takes no clients any more, without telling anybody; its links stay.
  public func refuseClients() async { await clientServer.shutdown(within: .zero) }

  /// Cuts all its connections at once, as a process that dies does; its registration stays.
  public func crash() async {
    await clientServer.shutdown(within: .zero)
    await pushServer.shutdown(within: .zero)
    await pushRelay.stop()
    task.cancel()
  }
}
