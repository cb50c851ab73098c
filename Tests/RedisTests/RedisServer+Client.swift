import Logging
import Redis
import TestSupport

extension RedisServer {
  var address: RedisAddress {
    get throws { try RedisAddress(url: url) }
  }
}

extension Logger {
  /// A logger that drops everything.
  static let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
}

/// A server, and a client that is connected to it.
func connectedPair(
  options: [String: String] = [:], configuration: RedisClient.Configuration = .defaults
) async throws -> (RedisServer, RedisClient) {
  let server = try await RedisServer(options: options)
  let client = RedisClient(address: try server.address, configuration: configuration, logger: .quiet)
  try await client.ping()
  return (server, client)
}
