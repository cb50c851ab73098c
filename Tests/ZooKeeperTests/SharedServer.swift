import TestSupport

/// One ZooKeeper for all tests that only use it; those that stop it start one of their own.
enum SharedServer {
  private static let starting = Task { try await ZooKeeperServer() }

  static func get() async throws -> ZooKeeperServer { try await starting.value }
}
