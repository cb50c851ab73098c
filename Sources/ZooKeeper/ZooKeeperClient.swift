import Dispatch
import Logging
import Synchronization

/// A client of ZooKeeper. It connects by itself, keeps trying while no server answers, and begins a new session when
/// the servers have given the old one up.
///
/// ```swift
/// let client = ZooKeeperClient(ZooKeeperConfiguration(servers: "localhost:2181"), logger: logger)
/// for await case .connected in client.states { … }
/// ```
///
/// A client that is let go of ends its session soon; `close()` ends it and waits.
public final class ZooKeeperClient: Sendable {
  private struct State {
    var lifecycle = SessionLifecycle()
    var handle: SessionHandle?
    var outage: OutageReport?
  }

  /// For how long a session that could not begin is left alone.
  private static let pause = DispatchTimeInterval.seconds(1)

  /// The states that the client gets into, for one reader. The last 16 that were not read are kept. It ends with
  /// `.closed`.
  public let states: AsyncStream<SessionState>

  /// Where and how.
  public let configuration: ZooKeeperConfiguration

  private let stateReader: AsyncStream<SessionState>.Continuation
  private let logger: Logger
  private let state = Mutex(State())

  /// Sessions begin and tell of themselves here. Beginning one looks names up: it needs a thread that may wait.
  private let queue = DispatchQueue(label: "zookeeper.session")

  /// Creates a client, which begins to connect.
  public init(_ configuration: ZooKeeperConfiguration, logger: Logger) {
    self.configuration = configuration
    var logger = logger
    logger[metadataKey: "zookeeper"] = "\(configuration.servers)"
    self.logger = logger
    (self.states, self.stateReader) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
    self.stateReader.yield(.connecting)
    self.state.withLock { $0.outage = OutageReport(logger: logger) }
    self.begin(generation: 1)
  }

  deinit {
    self.stateReader.finish()
  }

  /// How the client stands.
  public var sessionState: SessionState { self.state.withLock { $0.lifecycle.state } }

  /// Ends the session: its ephemeral nodes vanish, and calls that wait for an answer fail. It waits for the server for up
  /// to some seconds. Repeating it does nothing.
  public func close() async {
    let handle = self.state.withLock { state -> SessionHandle? in
      guard state.lifecycle.close() else { return nil }
      state.outage = nil
      self.stateReader.yield(.closed)
      self.stateReader.finish()
      return state.handle.take()
    }
    await handle?.close()
  }

  /// The session of the moment, for an operation.
  func session(for operation: String, _ path: String) throws(ZooKeeperError) -> SessionHandle {
    let (handle, isClosed) = self.state.withLock { ($0.handle, $0.lifecycle.state == .closed) }
    guard let handle else {
      throw ZooKeeperError(isClosed ? .closing : .connectionLoss, operation: operation, path: path)
    }
    return handle
  }

  private func begin(generation: Int, after pause: DispatchTimeInterval? = nil) {
    let open = { @Sendable [weak self] () -> Void in self?.open(generation: generation) }
    if let pause {
      self.queue.asyncAfter(deadline: .now() + pause, execute: open)
    } else {
      self.queue.async(execute: open)
    }
  }

  private func open(generation: Int) {
    guard self.state.withLock({ $0.lifecycle.generation == generation }) else { return }
    do {
      let handle = try SessionHandle(self.configuration) { [weak self, queue] event in
        // On the queue, so that the handle is in its place before anybody is told that it is connected.
        queue.async { [weak self] in self?.handle(event, generation: generation) }
      }
      // What is not kept, because the session is over already, ends itself.
      self.state.withLock { state in
        if state.lifecycle.generation == generation { state.handle = handle }
      }
    } catch {
      self.logger.warning(
        "ZooKeeper can't be looked up: check the servers' names. Trying again",
        metadata: ["error": "\(error)"])
      self.begin(generation: generation, after: Self.pause)
    }
  }

  private func handle(_ event: SessionHandle.Event, generation: Int) {
    let replacement = self.state.withLock { state -> (generation: Int, pause: DispatchTimeInterval?)? in
      let action = state.lifecycle.handle(event, of: generation)
      if action == .nothing { return nil }
      self.report(state.lifecycle.state, &state.outage)
      // Under the lock, so that the states are told in their order.
      self.stateReader.yield(state.lifecycle.state)
      if action == .publish { return nil }
      state.handle = nil
      return (state.lifecycle.generation, action == .replace ? nil : Self.pause)
    }
    if let replacement { self.begin(generation: replacement.generation, after: replacement.pause) }
  }

  private func report(_ state: SessionState, _ outage: inout OutageReport?) {
    switch state {
    case .connected(let id):
      self.logger.info("Connected to ZooKeeper", metadata: ["session": "\(id)"])
      outage = nil
      return
    case .connecting:
      self.logger.notice("Lost the connection to ZooKeeper: trying to get it back")
    case .expired(let id):
      self.logger.warning("The ZooKeeper session expired: making a new one", metadata: ["session": "\(id)"])
    case .authenticationFailed:
      self.logger.error("ZooKeeper does not let this client in: check its access rules. Trying again")
    case .closed:
      return
    }
    if outage == nil { outage = OutageReport(logger: self.logger) }
  }
}
