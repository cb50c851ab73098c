extension ZooKeeperServerRegistry {
  /// Where the registry is.
  public struct Configuration: Hashable, Sendable {
    /// The ZooKeeper servers, as `host:port,host:port,…`.
    public var servers: String

    /// The node below which everything stands: `/cim` by default. It is created when it is missing.
    public var rootPath: String

    /// How long after its last sign of life a server or route is taken for dead: 6 s by default. ZooKeeper limits it to
    /// between 2 and 20 of its ticks.
    public var sessionTimeout: Duration

    /// Creates a configuration.
    public init(servers: String, rootPath: String = "/cim", sessionTimeout: Duration = .seconds(6)) {
      self.servers = servers
      self.rootPath = rootPath
      self.sessionTimeout = sessionTimeout
    }
  }
}
