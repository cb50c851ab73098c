import Logging
import TestSupport
import ZooKeeper

extension ZooKeeperClient {
  /// A client of a server.
  ///
  /// - Parameter sessionTimeout: two thirds of it without an answer end a connection. So it is long, but where a test
  ///   waits for that.
  convenience init(of server: ZooKeeperServer, sessionTimeout: Duration = .seconds(10)) {
    self.init(servers: server.connectString, sessionTimeout: sessionTimeout)
  }

  convenience init(servers: String, sessionTimeout: Duration = .seconds(10)) {
    self.init(
      ZooKeeperConfiguration(servers: servers, sessionTimeout: sessionTimeout),
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  /// Waits until the client gets into a state; the states before it are skipped.
  @discardableResult
  func state<Value: Sendable>(
    _ what: String, _ match: @escaping @Sendable (SessionState) -> Value?
  ) async throws -> Value {
    let states = self.states
    return try await withDeadline(.seconds(20), "the state \(what)") {
      for await state in states {
        if let value = match(state) { return value }
      }
      throw StatesEnded()
    }
  }

  /// Waits until the client is connected.
  @discardableResult
  func connected() async throws -> SessionID {
    try await self.state("connected") {
      guard case .connected(let id) = $0 else { return nil }
      return id
    }
  }

  /// Waits until the connection is lost.
  func disconnected() async throws {
    try await self.state("connecting") { $0 == .connecting ? true : nil }
  }
}

/// The client was closed while a test waited for another state.
struct StatesEnded: Error {}

/// What a watch saw, awaitable.
struct WatchedEvents: Sendable {
  let watch: Watch
  private let events: AsyncStream<WatchEvent>
  private let continuation: AsyncStream<WatchEvent>.Continuation

  init() {
    let (events, continuation) = AsyncStream.makeStream(of: WatchEvent.self)
    self.events = events
    self.continuation = continuation
    self.watch = { continuation.yield($0) }
  }

  /// The next event.
  func next() async throws -> WatchEvent? {
    let events = self.events
    return try await withDeadline(.seconds(20), "an event of a watch") { await events.first { _ in true } }
  }

  /// The events that have come and were not taken; there are none after them.
  func rest() async -> [WatchEvent] {
    self.continuation.finish()
    return await self.events.reduce(into: []) { $0.append($1) }
  }
}
