/// Where ZooKeeper is and how it is used.
public struct ZooKeeperConfiguration: Hashable, Sendable {
  /// The servers, as `host:port,host:port,…`; after the last one a path may follow, below which all paths are. That
  /// path has to exist.
  public var servers: String

  /// For how long the servers keep the session when they hear nothing of the client: 6 s by default. They limit it to
  /// between 2 and 20 of their ticks.
  public var sessionTimeout: Duration

  /// Creates a configuration.
  public init(servers: String, sessionTimeout: Duration = .seconds(6)) {
    self.servers = servers
    self.sessionTimeout = sessionTimeout
  }
}
