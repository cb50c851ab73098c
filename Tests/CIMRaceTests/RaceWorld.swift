import CIMCore
import CIMProtos
import CIMRoute
import CIMServer
import CIMTestSupport
import NIOCore
import NgRPC
import Synchronization

/// A cluster whose stores can be held, whose store's clock can be moved on, and whose registry can forget.
struct RaceWorld: Sendable {
  let cluster: Cluster
  let held: HeldStores
  let memory: InMemoryStores
  let clock: MovedClock
  let registry: ForgetfulRegistry

  /// Runs a test in a world of its own. What it holds is let go at its end.
  static func run(
    servers: Int = 1, routes: Int = 1, _ body: @Sendable (RaceWorld) async throws -> Void
  ) async throws {
    let clock = MovedClock()
    let memory = InMemoryStores(clock: { clock.now })
    let held = HeldStores(memory.stores)
    let registry = ForgetfulRegistry()
    try await Cluster.run(servers: servers, routes: routes) {
      $0.stores = held.stores
      $0.registry = registry
      $0.route = {
        $0.probeInterval = .milliseconds(50)
        $0.sweepInterval = .milliseconds(50)
        $0.delayedInterval = .milliseconds(50)
        $0.unknownSessionGrace = .milliseconds(400)
        $0.unknownServerGrace = .milliseconds(400)
      }
      $0.server = {
        $0.syncInterval = .milliseconds(100)
        $0.tailsInterval = .milliseconds(200)
        $0.openingTimeout = .seconds(2)
      }
    } _: { cluster in
      defer { held.releaseAll() }
      try await body(
        RaceWorld(cluster: cluster, held: held, memory: memory, clock: clock, registry: registry))
    }
  }

  /// Two users who are registered, and not connected.
  func annAndBob() async throws -> (RaceClient, RaceClient) {
    (try await RaceClient("ann", in: cluster), try await RaceClient("bob", in: cluster))
  }

  /// Runs `body` with a client of one route, in somebody's name.
  func withRoute<Result>(
    _ index: Int = 0, as client: RaceClient,
    _ body: (CimV1.Route.Client, CallOptions) async throws -> Result
  ) async throws -> Result {
    let options = CallOptions(metadata: ["authorization": "Bearer \(client.token)"])
    return try await cluster.withRoute(index) { try await body($0, options) }
  }

  /// Sends a text through one route.
  func say(_ text: String, to conversation: Conversation, as client: RaceClient, through route: Int)
    async throws
  {
    _ = try await withRoute(route, as: client) { route, options in
      try await route.send(
        CimV1.SendRequest(
          target: .conversation(conversation.description), content: CimV1.Content(kind: .text(text))),
        options: options)
    }
  }

  /// Who is online, as users are told.
  func onlineUsers(as client: RaceClient) async throws -> [UInt64] {
    try await withRoute(as: client) { route, options in
      try await route.onlineUsers(CimV1.OnlineUsersRequest(), options: options)
    }.users.map(\.id)
  }

  /// All marks of a user.
  func marks(of client: RaceClient) async throws -> [DirtyMark] {
    try await memory.stores.log.dirtyMarks(of: [client.id], olderThan: 0, limit: 100)[client.id] ?? []
  }

  /// What all routes have counted together.
  func counted(_ number: (RouteStatistics) -> Int) -> Int {
    cluster.routes.map { number($0.node.statistics) }.reduce(0, +)
  }

  /// What all servers have counted together.
  func countedByServers(_ number: (ServerStatistics) -> Int) -> Int {
    cluster.servers.map { number($0.node.statistics) }.reduce(0, +)
  }
}

/// A clock that a test moves on.
final class MovedClock: Sendable {
  private let offset = Atomic<UInt64>(0)

  var now: Timestamp {
    Timestamp(milliseconds: Timestamp.now().milliseconds + offset.load(ordering: .relaxed))
  }

  /// Has the clock jump.
  func advance(milliseconds: UInt64) { offset.wrappingAdd(milliseconds, ordering: .relaxed) }
}
