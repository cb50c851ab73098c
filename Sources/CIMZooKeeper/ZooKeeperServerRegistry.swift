import CIMCore
import Logging
import Synchronization
import ZooKeeper

/// The registry in ZooKeeper: an ephemeral node per server below `<root>/servers`, and per route below `<root>/routes`.
///
/// `run()` does all the work: run it beside everything that uses the registry, and for as long. Until it runs, `register`
/// waits and `servers()` is silent.
public final class ZooKeeperServerRegistry: ServerRegistry {
  private struct State {
    var registrations: [ZooKeeperRegistration] = []
    /// The session in which the parent nodes were made sure of.
    var preparedSession: SessionID?
    var isStopped = false
  }

  /// For how long ZooKeeper is left alone after a failure.
  private static let pause = Duration.milliseconds(500)

  let client: ZooKeeperClient
  private let paths: RegistryPaths
  private let logger: Logger
  private let directory: ServerDirectory
  private let latest = Latest<[ServerRecord]>()
  private let state = Mutex(State())

  /// Tells that there may be something to do; any number of times before it is seen is once.
  private let wakes: AsyncStream<Void>
  private let waker: AsyncStream<Void>.Continuation

  /// Creates a registry, which begins to connect.
  public init(_ configuration: Configuration, logger: Logger) {
    let (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    self.wakes = wakes
    self.waker = waker
    self.logger = logger
    self.paths = RegistryPaths(root: configuration.rootPath)
    self.client = ZooKeeperClient(
      ZooKeeperConfiguration(servers: configuration.servers, sessionTimeout: configuration.sessionTimeout),
      logger: logger)
    self.directory = ServerDirectory(path: self.paths.servers, logger: logger) { waker.yield() }
  }

  public func register(_ server: ServerRecord) async throws(StoreError) -> any Registration {
    try await self.register(.server(server))
  }

  public func register(_ route: RouteRecord) async throws(StoreError) -> any Registration {
    try await self.register(.route(route))
  }

  public func servers() -> AsyncStream<[ServerRecord]> { self.latest.values() }

  public func ping() async throws(StoreError) {
    guard case .connected = self.client.sessionState else {
      throw .unavailable("ZooKeeper at \(self.client.configuration.servers) does not answer")
    }
    do {
      _ = try await self.client.exists("/")
    } catch {
      throw StoreError(error)
    }
  }

  /// Keeps the registry until the task is cancelled; then all entries vanish and all sequences end. It can be run once.
  public func run() async {
    await withDiscardingTaskGroup { group in
      group.addTask {
        for await _ in self.client.states { self.waker.yield() }
      }
      for await _ in self.wakes {
        guard case .connected(let session) = self.client.sessionState else {
          for registration in self.registrations { registration.tellAway() }
          continue
        }
        if await !self.reconcile(in: session) {
          try? await Task.sleep(for: Self.pause)
          self.waker.yield()
        }
      }
      group.cancelAll()
    }
    await self.stop()
  }

  private var registrations: [ZooKeeperRegistration] { self.state.withLock { $0.registrations } }

  private func register(_ entry: RegistryEntry) async throws(StoreError) -> any Registration {
    let waker = self.waker
    let registration = ZooKeeperRegistration(entry, path: self.paths.path(of: entry), logger: self.logger) {
      waker.yield()
    }
    let isStopped = self.state.withLock { state in
      state.registrations.append(registration)
      return state.isStopped
    }
    if isStopped { registration.stop() }
    try await registration.enter()
    return registration
  }

  /// Brings ZooKeeper to what the registrations want, and reads what others have changed.
  ///
  /// - Returns: false when it has to be tried again.
  private func reconcile(in session: SessionID) async -> Bool {
    do {
      try await self.prepare(session)
    } catch {
      return self.report(error)
    }
    var isDone = true
    for registration in self.registrations {
      do {
        try await registration.reconcile(with: self.client, in: session)
      } catch {
        isDone = self.report(error)
      }
    }
    self.state.withLock { $0.registrations.removeAll(where: \.isFinished) }
    do {
      self.latest.publishChange(try await self.directory.refresh(with: self.client, in: session))
    } catch {
      isDone = self.report(error)
    }
    return isDone
  }

  /// Makes sure that the parents of all nodes are there.
  private func prepare(_ session: SessionID) async throws(ZooKeeperError) {
    guard self.state.withLock({ $0.preparedSession }) != session else { return }
    try await self.client.createPath(self.paths.servers)
    try await self.client.createPath(self.paths.routes)
    self.state.withLock { $0.preparedSession = session }
  }

  /// - Returns: false, for the caller's convenience.
  private func report(_ error: ZooKeeperError) -> Bool {
    if error.code == .noNode {
      // Somebody deleted a parent.
      self.state.withLock { $0.preparedSession = nil }
    } else if !error.isTransient {
      self.logger.error(
        "ZooKeeper refuses the registry's work. Trying again", metadata: ["error": "\(error)"])
    }
    return false
  }

  private func stop() async {
    let registrations = self.state.withLock { state in
      state.isStopped = true
      return state.registrations
    }
    for registration in registrations { registration.stop() }
    await self.client.close()
    self.latest.finish()
  }
}
