import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import Logging
import NIOCore
import NIOPosix
import NgRPC
import TestSupport

/// Routes and servers in this process, on stores and a registry in memory, that talk over loopback.
public final class Cluster: Sendable {
  /// How the parts behave.
  public struct Configuration: Sendable {
    /// How many routes there are.
    public var routes = 1
    /// How many servers there are, named `s1`, `s2`, …
    public var servers = 1
    /// Changes each route's configuration.
    public var route: @Sendable (inout RouteConfiguration) -> Void = { _ in }
    /// Changes each server's configuration.
    public var server: @Sendable (inout ServerConfiguration) -> Void = { _ in }
    /// What the routes work on.
    public var stores = Stores.inMemory()
    /// Where the servers register.
    public var registry: any ServerRegistry = InMemoryServerRegistry()

    public init() {}

    /// Has both ends take a link for dead within two seconds of silence: soon for a test, and more than a busy machine
    /// keeps a thread waiting.
    public mutating func noticeSilentLinksSoon() {
      route = {
        $0.linkPingAfter = .milliseconds(100)
        $0.linkDownAfter = .seconds(2)
      }
      server = {
        $0.linkPingAfter = .milliseconds(100)
        $0.linkDownAfter = .seconds(2)
      }
    }
  }

  public let stores: Stores
  public let routes: [RunningRoute]
  public let servers: [RunningServer]
  private let logger: Logger

  /// Starts a cluster, waits until every route is linked to every server, runs `body`, and stops it.
  public static func run(
    servers: Int = 1, routes: Int = 1, configure: (inout Configuration) -> Void = { _ in },
    _ body: @Sendable (Cluster) async throws -> Void
  ) async throws {
    var configuration = Configuration()
    configuration.servers = servers
    configuration.routes = routes
    configure(&configuration)
    let cluster = try await Cluster(configuration)
    do {
      try await cluster.waitUntilLinked()
      try await body(cluster)
    } catch {
      await cluster.stop()
      throw error
    }
    await cluster.stop()
  }

  private init(_ configuration: Configuration) async throws {
    var logger = Logger(label: "cluster")
    logger.logLevel = .critical
    self.logger = logger
    stores = configuration.stores
    var servers: [RunningServer] = []
    for index in 0..<configuration.servers {
      servers.append(try await RunningServer("s\(index + 1)", configuration, logger: logger))
    }
    self.servers = servers
    var routes: [RunningRoute] = []
    for index in 0..<configuration.routes {
      routes.append(try await RunningRoute("r\(index + 1)", configuration, logger: logger))
    }
    self.routes = routes
  }

  private func waitUntilLinked() async throws {
    try await eventually("every route is linked to every server") {
      routes.allSatisfy { $0.node.readyServers == servers.count }
        && servers.allSatisfy { $0.node.linkCount == routes.count }
    }
  }

  private func stop() async {
    for route in routes { await route.stop() }
    for server in servers { await server.stop() }
  }

  /// A channel to an address, to be shut down by the caller.
  public func channel(to address: SocketAddress) -> RPCChannel {
    RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: address.port ?? 0)], logger: logger)
  }

  /// Runs `body` with a client of a route: of the first, when none is named.
  public func withRoute<Result>(
    _ index: Int = 0, _ body: (CimV1.Route.Client) async throws -> Result
  ) async throws -> Result {
    let channel = channel(to: routes[index].address)
    do {
      let result = try await body(CimV1.Route.Client(channel))
      await channel.shutdown(within: .zero)
      return result
    } catch {
      await channel.shutdown(within: .zero)
      throw error
    }
  }

  /// Runs `body` with an operator's client of the first route.
  public func withAdmin<Result>(
    _ body: (CimV1.Admin.Client) async throws -> Result
  ) async throws -> Result {
    let channel = channel(to: routes[0].address)
    do {
      let result = try await body(CimV1.Admin.Client(channel))
      await channel.shutdown(within: .zero)
      return result
    } catch {
      await channel.shutdown(within: .zero)
      throw error
    }
  }

  /// Who is online, as a client is told.
  public func onlineUsers(as client: TestClient) async throws -> [CimV1.User] {
    let options = CallOptions(metadata: ["authorization": "Bearer \(client.token)"])
    return try await withRoute { try await $0.onlineUsers(CimV1.OnlineUsersRequest(), options: options) }
      .users
  }
}
