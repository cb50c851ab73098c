import CIMClient
import CIMCore
import CIMTestSupport
import Logging
import NIOCore
import TestSupport
import Testing
import NgRPC

/// A connected client, and what it sees.
final class TestUser: Sendable {
  let client: ChatClient

  init(
    _ name: String, device: String? = nil, in cluster: Cluster,
    configure: (inout ChatClient.Configuration) -> Void = { _ in }
  ) async throws {
    var configuration = ChatClient.Configuration.test(.name(try UserName(name)), cluster.endpoints)
    if let device { configuration.storage = InMemoryStorage(device: try DeviceID(device)) }
    configure(&configuration)
    self.client = ChatClient(configuration)
    try await self.client.connect()
    try await self.ready()
  }

  /// The user's id.
  var id: UserID { get throws { try #require(self.client.info.account).id } }

  /// The server it is connected to.
  var server: String {
    get throws {
      guard case .ready(let server) = self.client.info.state else { return "none" }
      return server.rawValue
    }
  }

  /// The next event that is wanted; others are dropped.
  func next(where isWanted: @escaping @Sendable (ChatClient.Event) -> Bool) async throws -> ChatClient.Event {
    try await withDeadline(
      .seconds(20), "an event; the state is \(self.client.info.state)"
    ) {
      try #require(await self.client.events.first { isWanted($0) })
    }
  }

  /// Waits until it is connected, once more.
  func ready() async throws {
    _ = try await self.next { if case .state(.ready) = $0 { true } else { false } }
  }

  /// Waits until it has moved to another server.
  ///
  /// - Returns: how long it was away.
  @discardableResult
  func moved() async throws -> Duration {
    let event = try await self.next { if case .moved = $0 { true } else { false } }
    guard case .moved(_, let away) = event else { preconditionFailure("that was asked for") }
    return away
  }

  /// The next message.
  func message() async throws -> ChatMessage {
    let event = try await self.next { if case .message = $0 { true } else { false } }
    guard case .message(let message) = event else { preconditionFailure("that was asked for") }
    return message
  }

  /// The texts of the next messages.
  func texts(_ count: Int) async throws -> [String] {
    var texts: [String] = []
    while texts.count < count { texts.append(try await self.message().text) }
    return texts
  }
}

extension Cluster {
  /// Where the routes listen.
  var endpoints: [Endpoint] {
    self.routes.map { Endpoint(host: "127.0.0.1", port: $0.address.port ?? 0) }
  }
}

extension ChatClient.Configuration {
  /// Retries fast, and logs nothing.
  static func test(_ identity: ChatClient.Identity, _ routes: [Endpoint]) -> Self {
    var logger = Logger(label: "client")
    logger.logLevel = .critical
    var configuration = Self(routes: routes, identity: identity, logger: logger)
    configuration.reconnect = .init(initial: .milliseconds(20), multiplier: 1.5, maximum: .milliseconds(500))
    return configuration
  }
}
