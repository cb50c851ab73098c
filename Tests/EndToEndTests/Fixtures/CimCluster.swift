import NgRPCProtos
import TestSupport

/// A whole cim on 127.0.0.1: a route, two servers, Redis and ZooKeeper, each a process of its own.
final class CimCluster: Sendable {
  let redis: RedisServer
  let zooKeeper: ZooKeeperServer
  let servers: [CimProcess]
  let route: CimProcess

  /// Where scripts keep their states.
  private let states: TemporaryDirectory

  /// Starts everything and waits until the route and both servers say that they serve.
  ///
  /// - Parameter settings: Further ones of the route, by their environment variables.
  init(route settings: [String: String] = [:]) async throws {
    states = try TemporaryDirectory()
    async let startingRedis = RedisServer()
    async let startingZooKeeper = ZooKeeperServer()
    redis = try await startingRedis
    zooKeeper = try await startingZooKeeper
    let connect = zooKeeper.connectString
    servers = try ["server-a", "server-b"].map { try CimProcess.server(id: $0, zooKeeper: connect) }
    route = try CimProcess.route(id: "route-1", redis: redis.url, zooKeeper: connect, settings: settings)
    for process in servers + [route] { try await process.wait(until: .serving) }
  }

  /// The route and the servers.
  var processes: [CimProcess] { servers + [route] }

  /// Joins the chat with `cim chat` on a terminal.
  ///
  /// - Parameters:
  ///   - previous: The user's chat before this one, for one who comes back.
  ///   - colours: Whether the terminal shows colours.
  func chat(
    as name: String, after previous: TerminalChat? = nil, colours: Bool = false
  ) async throws -> TerminalChat {
    try await TerminalChat(as: name, route: route, after: previous, colours: colours)
  }

  /// Starts `cim chat` with pipes, as a script does. Users keep their states apart, unless the arguments name one.
  func script(_ arguments: [String]) throws -> ChildProcess {
    try ChildProcess(
      Command(
        Repository.cim, ["chat", "--route", route.address] + arguments,
        environment: ["XDG_STATE_HOME": states.path]))
  }
}
