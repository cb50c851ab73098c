/// What can be done to a running system.
public enum FaultKind: String, CaseIterable, Hashable, Sendable {
  /// Killed with no warning (SIGKILL), and started again later.
  case killServer = "kill-server"
  case killRoute = "kill-route"
  case killClient = "kill-client"
  case killRedis = "kill-redis"
  case killZooKeeper = "kill-zookeeper"
  /// Asked to end (SIGTERM), and started again once it has.
  case restartServer = "restart-server"
  case restartRoute = "restart-route"
  /// Frozen (SIGSTOP): its connections stay open and it says nothing. Then it goes on as if no time had passed.
  case pauseServer = "pause-server"
  case pauseRoute = "pause-route"
  case pauseClient = "pause-client"
  case pauseRedis = "pause-redis"
  case pauseZooKeeper = "pause-zookeeper"
  /// Connections between routes and a server are closed.
  case cutLinks = "cut-links"
  /// Connections between routes and a server stay open, and nothing gets through.
  case halfOpenLinks = "half-open-links"
  /// Servers speak to routes and do not hear them: what was sent is logged, and the answer is lost.
  case oneWayLinks = "one-way-links"
  /// Connections between clients and a server are closed.
  case cutClients = "cut-clients"
  /// Connections between clients and a server stay open, and nothing gets through.
  case halfOpenClients = "half-open-clients"
  /// Clients speak to a server and do not hear it.
  case oneWayClients = "one-way-clients"
  /// Connections between clients and a route stay open, and nothing gets through.
  case halfOpenRoute = "half-open-route"
  /// Users leave in good order, and return.
  case leave

  /// Whom it is done to.
  public enum Target: Hashable, Sendable {
    case server, route, client, redis, zooKeeper
  }

  /// Whom it is done to.
  public var target: Target {
    switch self {
    case .killServer, .restartServer, .pauseServer, .cutLinks, .halfOpenLinks, .oneWayLinks, .cutClients,
      .halfOpenClients, .oneWayClients:
      .server
    case .killRoute, .restartRoute, .pauseRoute, .halfOpenRoute: .route
    case .killClient, .pauseClient, .leave: .client
    case .killRedis, .pauseRedis: .redis
    case .killZooKeeper, .pauseZooKeeper: .zooKeeper
    }
  }

  /// For how long it is done, in milliseconds: some of the time too short to be noticed, some of the time past every
  /// time-out (a link's 3 s, a registration's 6 s, a client's 8 s, a mark's lease of 10 s).
  var durations: [ClosedRange<Int>] {
    switch self {
    case .cutLinks, .cutClients: [0...0]
    case .restartServer, .restartRoute: [0...500]
    case .killServer, .killRoute, .killClient, .killZooKeeper: [7_000...9_000, 100...2_000]
    case .killRedis: [2_000...4_000, 100...500]
    case .leave: [4_000...12_000, 500...2_000]
    case .pauseServer, .pauseRoute, .pauseClient, .halfOpenLinks, .oneWayLinks, .halfOpenClients,
      .oneWayClients, .halfOpenRoute:
      [11_500...13_000, 3_500...5_000, 500...2_000]
    case .pauseRedis: [3_500...11_500, 500...2_000]
    case .pauseZooKeeper: [7_000...9_000, 500...2_000]
    }
  }
}
