import CIMCore
import CIMRedis
import Logging
import Redis
import TestSupport

extension StoreForm {
  /// A redis-server for each test.
  static let redis = Self(testDescription: "in Redis") { limits, test in
    try await RedisServer().withClient { client in
      try await test(.redis(client, limits: limits))
    }
  }
}

extension RedisServer {
  /// Runs a test with a client of this server, and stops both.
  func withClient(_ test: (RedisClient) async throws -> Void) async throws {
    let client = RedisClient(
      address: try RedisAddress(url: url), logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    try await test(client)
    await client.shutdown()
    try await stop()
  }
}
