import CIMProtos
import NgRPC

/// What is known of a system's routes and servers: what routes have answered, put together.
struct Board: Sendable {
  /// A route that was asked.
  struct Route: Sendable {
    /// What it has done; nil before its first answer.
    var track: Track<CimV1.GetRouteResponse>?
    /// Why it did not answer the last time; nil when it did.
    var failure: String?
    /// The servers as it sees them; none when it did not answer.
    var servers: [CimV1.ServerState] = []
  }

  /// A server that a route sees.
  struct Server: Sendable {
    /// Which.
    let key: Key
    /// As one route sees it, and that with the latest word of it.
    var state: CimV1.ServerState
    /// What it has done; nil while no route has been told.
    var track: Track<CimV1.ServerWork>?
    /// How many of the routes that answered have a link to it.
    var links = 0
    /// Messages that it has not acknowledged, on all links.
    var unacknowledged: UInt64 = 0
    /// For how long the oldest of these has been on its way, in milliseconds.
    var lag: UInt64 = 0
  }

  /// One registration of one server.
  struct Key: Hashable, Comparable, Sendable {
    let id: String
    let incarnation: String

    static func < (lhs: Self, rhs: Self) -> Bool { (lhs.id, lhs.incarnation) < (rhs.id, rhs.incarnation) }
  }

  /// The routes, in the order in which they were named.
  private(set) var routes: [(address: Endpoint, route: Route)]
  private var tracks: [Key: Track<CimV1.ServerWork>] = [:]

  init(_ addresses: [Endpoint]) { self.routes = addresses.map { ($0, Route()) } }

  /// A route has answered.
  mutating func note(
    _ answer: CimV1.GetRouteResponse, _ servers: [CimV1.ServerState], at address: Endpoint
  ) {
    guard let index = self.routes.firstIndex(where: { $0.address == address }) else { return }
    var track = self.routes[index].route.track ?? Track(answer)
    track.note(answer)
    self.routes[index].route = Route(track: track, servers: servers)
    for server in servers {
      guard let work = server.work else { continue }
      self.tracks[Key(server), default: Track(work)].note(work)
    }
  }

  /// A route did not answer.
  mutating func failed(_ reason: String, at address: Endpoint) {
    guard let index = self.routes.firstIndex(where: { $0.address == address }) else { return }
    self.routes[index].route.failure = reason
    self.routes[index].route.servers = []
  }

  /// All have answered, or not: what nobody sees any more is forgotten.
  mutating func settle() {
    let seen = Set(self.routes.flatMap { $0.route.servers.map(Key.init) })
    self.tracks = self.tracks.filter { seen.contains($0.key) }
  }

  /// The servers that a route sees, by id.
  var servers: [Server] {
    var servers: [Key: Server] = [:]
    for state in self.routes.flatMap(\.route.servers) {
      let key = Key(state)
      var server = servers[key] ?? Server(key: key, state: state, track: self.tracks[key])
      if (state.work?.nowMs ?? 0) > (server.state.work?.nowMs ?? 0) { server.state = state }
      if state.isLinked { server.links += 1 }
      server.unacknowledged += UInt64(state.unacknowledgedDeliveries)
      server.lag = max(server.lag, state.oldestUnacknowledgedMs)
      servers[key] = server
    }
    return servers.values.sorted { $0.key < $1.key }
  }
}

extension Board.Key {
  init(_ server: CimV1.ServerState) {
    self.init(id: server.id, incarnation: server.incarnation)
  }
}
