import CIMCore
import CIMZooKeeper
import Logging
import TestSupport
import ZooKeeper
import NgRPC

/// Runs a test on a registry of its own.
func withRegistry(
  on server: ZooKeeperServer, root: String = "/\(Incarnation.random())",
  _ test: (ZooKeeperServerRegistry) async throws -> Void
) async throws {
  let registry = ZooKeeperServerRegistry(
    ZooKeeperServerRegistry.Configuration(
      servers: server.connectString, rootPath: root, sessionTimeout: .seconds(10)),
    logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  try await withThrowingDiscardingTaskGroup { group in
    group.addTask { await registry.run() }
    try await test(registry)
    group.cancelAll()
  }
}

/// Runs a test with a client that is connected.
func withClient(
  of server: ZooKeeperServer, _ test: (ZooKeeperClient) async throws -> Void
) async throws {
  let client = ZooKeeperClient(of: server)
  try await client.connected()
  try await test(client)
  await client.close()
}

extension AsyncStream where Element: Sendable {
  /// Waits for an element that matches; those before it are skipped.
  @discardableResult
  func first(_ what: String, where matches: @escaping @Sendable (Element) -> Bool) async throws -> Element {
    try await withDeadline(.seconds(20), what) {
      for await element in self where matches(element) { return element }
      throw StatesEnded()
    }
  }
}

extension ServerRecord {
  /// A server's record, in its first registration.
  static func named(_ id: String) throws -> Self {
    Self(
      instance: ServerInstance(id: try ServerID(id), incarnation: .random()),
      clientEndpoint: Endpoint(host: "10.0.0.1", port: 9_000),
      pushEndpoint: Endpoint(host: "10.0.0.1", port: 9_001), version: "1")
  }
}
