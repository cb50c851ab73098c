import CIMCore
import CIMZooKeeper
import Logging
import TestSupport
import Testing
import NgRPC

/// One implementation of the registry. Every test of the contract runs on each.
struct RegistryForm: Sendable, CustomTestStringConvertible {
  /// All forms there are.
  static let all = [Self.inMemory, .zooKeeper]

  let testDescription: String

  /// Runs a test on an empty registry, as two processes see it.
  let withRegistry:
    @Sendable (
      _ test: (_ here: any ServerRegistry, _ there: any ServerRegistry) async throws -> Void
    ) async throws -> Void

  private static let inMemory = Self(testDescription: "in memory") { test in
    let registry = InMemoryServerRegistry()
    try await test(registry, registry)
  }

  private static let zooKeeper = Self(testDescription: "ZooKeeper") { test in
    let server = try await Self.zooKeeperServer.value
    let configuration = ZooKeeperServerRegistry.Configuration(
      servers: server.connectString, rootPath: "/\(Incarnation.random())", sessionTimeout: .seconds(10))
    let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
    let here = ZooKeeperServerRegistry(configuration, logger: logger)
    let there = ZooKeeperServerRegistry(configuration, logger: logger)
    try await withThrowingDiscardingTaskGroup { group in
      group.addTask { await here.run() }
      group.addTask { await there.run() }
      try await test(here, there)
      group.cancelAll()
    }
  }

  /// One server for all tests: each has a root path of its own.
  private static let zooKeeperServer = Task { try await ZooKeeperServer() }
}

extension ServerRegistry {
  /// Waits until the list of servers is like that.
  @discardableResult
  func servers(
    _ what: String, where matches: @escaping @Sendable ([ServerRecord]) -> Bool
  ) async throws -> [ServerRecord] {
    let lists = self.servers()
    return try await withDeadline(.seconds(20), "a list of servers \(what)") {
      for await list in lists where matches(list) { return list }
      throw ListsEnded()
    }
  }
}

/// The registry was shut down while a test waited for a list.
struct ListsEnded: Error {}

extension ServerRecord {
  /// A server's record, in its first registration.
  static func named(_ id: String, port: Int = 9_000) throws -> Self {
    Self(
      instance: ServerInstance(id: try ServerID(id), incarnation: .random()),
      clientEndpoint: Endpoint(host: "10.0.0.1", port: port),
      pushEndpoint: Endpoint(host: "::1", port: port + 1),
      version: "1.2.3 \"β\"")
  }
}
