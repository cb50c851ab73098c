import CIMChaos
import CIMCore
import Foundation
import TestSupport

/// A whole cim on 127.0.0.1, each part a process of its own: Redis that writes to its disk before it answers, ZooKeeper,
/// routes and servers.
final class ChaosSystem: Sendable {
  struct Setting: Sendable {
    var routes = 2
    var servers = 3
    /// Servers that are not started at first.
    var spareServers = 0
    var binary = Repository.cim
    var logLevel = "info"
    /// Whether connections can be cut and half-opened; a measurement has none in its way.
    var hasRelays = true
    /// Further settings of routes and servers, as environment variables.
    var environment: [String: String] = [:]
  }

  let redis: RedisServer
  let zooKeeper: ZooKeeperServer
  let routes: [CimNode]
  let servers: [CimNode]
  /// Further servers, for a scenario to start.
  let spares: [CimNode]
  let directory: RunDirectory

  /// Starts everything and waits until all serve.
  init(_ setting: Setting, in directory: RunDirectory) async throws {
    async let startingRedis = RedisServer(appendOnly: true, in: "\(directory.path)/redis")
    async let startingZooKeeper = ZooKeeperServer(in: "\(directory.path)/zookeeper")
    let redis = try await startingRedis
    let zooKeeper = try await startingZooKeeper
    let environment = [
      "CIM_REDIS_URL": redis.url, "CIM_ZOOKEEPER_CONNECT": zooKeeper.connectString,
      "CIM_LOG_LEVEL": setting.logLevel, "CIM_STATISTICS_INTERVAL": "500ms",
      // Nobody is away for so many that a reset would be right.
      "CIM_DELIVERY_LATE_MESSAGES": "100000", "CIM_RETENTION_ENTRIES": "1000000",
      "CIM_SESSION_IDLE_TIMEOUT": "8s", "CIM_SESSION_PING_INTERVAL": "2s",
    ].merging(setting.environment) { $1 }
    var (servers, routes): ([CimNode], [CimNode]) = ([], [])
    for number in 1...(setting.servers + setting.spareServers) {
      servers.append(
        try await CimNode(
          .server, id: "server-\(number)", binary: setting.binary, environment: environment,
          directory: directory, hasRelays: setting.hasRelays))
    }
    for number in 1...setting.routes {
      routes.append(
        try await CimNode(
          .route, id: "route-\(number)", binary: setting.binary, environment: environment,
          directory: directory, hasRelays: setting.hasRelays))
    }
    (self.redis, self.zooKeeper, self.routes) = (redis, zooKeeper, routes)
    self.servers = Array(servers[..<setting.servers])
    self.spares = Array(servers[setting.servers...])
    self.directory = directory
    for node in self.nodes { try node.start() }
    for node in self.nodes { try await node.waitUntilServing() }
  }

  /// The servers and the routes.
  var nodes: [CimNode] { self.servers + self.routes }

  /// The last counters of every life of every process.
  var counters: [[String: Int]] {
    get throws {
      try (self.directory.logs(of: "server-") + self.directory.logs(of: "route-")).map { path in
        StatisticsLog.last(
          in: String(decoding: try Data(contentsOf: URL(fileURLWithPath: path)), as: UTF8.self))
      }
    }
  }

  /// Ends everything.
  func close() async throws {
    for node in self.nodes + self.spares { try await node.close() }
    try await self.redis.kill()
    try await self.zooKeeper.kill()
  }
}
