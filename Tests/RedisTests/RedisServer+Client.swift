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

extension RedisClient.Configuration {
  /// Waits that are long enough for a busy machine, for tests of something else.
  static let patient = {
    var configuration = Self.defaults
    configuration.commandTimeout = .seconds(30)
    configuration.connectionWait = .seconds(30)
    return configuration
  }()
}

/// A server, and a client that is connected to it.
func connectedPair(
  options: [String: String] = [:], configuration: RedisClient.Configuration = .patient
) async throws -> (RedisServer, RedisClient) {
  let server = try await RedisServer(options: options)
  let client = RedisClient(address: try server.address, configuration: configuration, logger: .quiet)
  try await eventually("the client connected") { client.isReady }
  return (server, client)
}
