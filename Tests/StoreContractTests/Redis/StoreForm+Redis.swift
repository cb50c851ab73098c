import CIMCore
import CIMRedis
import Logging
import Redis
import TestSupport

extension StoreForm {
  /// A redis-server for each test.
  static let redis = Self(testDescription: "in Redis") { limits, delayed, test in
    try await RedisServer().withClient { client in
      try await test(.redis(client, limits: limits, delayed: delayed))
    }
  }
}

extension RedisServer {
  /// Runs a test with a client of this server, and stops both.
  ///
  /// - Parameters:
  ///   - connectionWait: How long commands wait for a connection: long enough for a busy machine by default.
  ///   - maximumPendingCommands: How many commands may wait.
  func withClient(
    connectionWait: Duration = .seconds(30), maximumPendingCommands: Int = 65_536,
    _ test: (RedisClient) async throws -> Void
  ) async throws {
    var configuration = RedisClient.Configuration.defaults
    configuration.connectionWait = connectionWait
    configuration.maximumPendingCommands = maximumPendingCommands
    configuration.commandTimeout = .seconds(30)
    let client = RedisClient(
      address: try RedisAddress(url: url), configuration: configuration,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await test(client)
    await client.shutdown()
    try await stop()
  }
}
