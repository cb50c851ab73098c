import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

/// Serves services to gRPC clients over HTTP/2.
///
/// Start it on one address or several, and shut it down once. Handlers run on the event loop of their connection.
public final class RPCServer: Sendable {
  /// Where a server listens.
  public enum BindAddress: Sendable, Hashable, CustomStringConvertible {
    /// A host name or IP address, and a port; port 0 lets the system choose.
    case hostAndPort(String, Int)
    /// The path of a Unix domain socket; a socket left there by an earlier process is replaced.
    case unixDomainSocket(String)

    public var description: String {
      switch self {
      case .hostAndPort(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
      case .unixDomainSocket(let path): "unix:\(path)"
      }
    }
  }

  private struct State {
    var listeners: [any Channel] = []
    var certificates: [(source: TLSContextSource, watch: Task<Void, Never>?)] = []
    var connections: [ObjectIdentifier: (channel: any Channel, connection: NIOLoopBound<ServerConnection>)] =
      [:]
    var isShuttingDown = false
    /// Resumed when the last connection has gone.
    var drained: EventLoopPromise<Void>?
  }

  private let registered: [any RPCService]
  private let router: RPCRouter
  private let configuration: Configuration
  private let eventLoopGroup: any EventLoopGroup
  private let logger: Logger
  private let state = Mutex(State())

  /// - Parameters:
  ///   - services: each one's methods; no two may share a method.
  ///   - interceptors: step into every call, the first around all others.
  ///   - eventLoopGroup: the threads; the process's shared ones by default.
  public init(
    services: [any RPCService], interceptors: [any ServerInterceptor] = [],
    configuration: Configuration = .defaults,
    eventLoopGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton, logger: Logger
  ) {
    var router = RPCRouter()
    for service in services { service.register(with: &router) }
    router.intercept(with: interceptors)
    registered = services
    self.router = router
    self.configuration = configuration
    self.eventLoopGroup = eventLoopGroup
    self.logger = logger
  }

  /// The full names of the services served.
  public var services: [String] { router.services }

  /// How many connections are open.
  public var connectionCount: Int { state.withLock { $0.connections.count } }

  /// Begins to listen, with TLS when the configuration says so.
  ///
  /// - Returns: the address, with the port that the system chose.
  /// - Throws: UNAVAILABLE when the address can't be bound or the server is shutting down; ``InvalidTLS``.
  @discardableResult
  public func start(on address: BindAddress) async throws -> SocketAddress {
    try await start(on: address, tls: configuration.tls)
  }

  /// Begins to listen, with TLS or without, whatever the configuration says.
  ///
  /// - Parameter tls: nil for plaintext.
  /// - Returns: the address, with the port that the system chose.
  /// - Throws: UNAVAILABLE when the address can't be bound or the server is shutting down; ``InvalidTLS``.
  @discardableResult
  public func start(on address: BindAddress, tls: ServerTLS?) async throws -> SocketAddress {
    let certificates = tls.map { TLSContextSource($0.settings, logger: logger) }
    try await certificates?.refresh()
    let bootstrap = ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.backlog, value: Int32(clamping: configuration.backlog))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture { try self.accept(channel, certificates?.current) }
      }
    let listener: any Channel
    do {
      switch address {
      case .hostAndPort(let host, let port): listener = try await bootstrap.bind(host: host, port: port).get()
      case .unixDomainSocket(let path):
        listener = try await bootstrap.bind(unixDomainSocketPath: path, cleanupExistingSocketFile: true).get()
      }
    } catch {
      throw RPCError(
        code: .unavailable, message: "Can't listen on \(address): \(plainReason(error)).", cause: error)
    }
    let accepted = state.withLock { state in
      guard !state.isShuttingDown else { return false }
      state.listeners.append(listener)
      if let certificates {
        state.certificates.append((certificates, watch(certificates, tls?.reloadInterval)))
      }
      return true
    }
    guard accepted, let local = listener.localAddress else {
      try? await listener.close()
      throw RPCError(code: .unavailable, message: "The server is shutting down.")
    }
    return local
  }

  /// Looks at the files of certificates and keys now rather than at the next ``ServerTLS/reloadInterval``.
  ///
  /// - Throws: ``InvalidTLS`` when what is there can't be used; what is in use stays in use.
  public func reloadTLS() async throws {
    for (source, _) in state.withLock({ $0.certificates }) { try await source.refresh() }
  }

  private func watch(_ certificates: TLSContextSource, _ interval: Duration?) -> Task<Void, Never>? {
    guard let interval, !certificates.isConstant else { return nil }
    return Task { await certificates.watch(every: interval) }
  }

  private func accept(_ channel: any Channel, _ tls: NIOSSLContext?) throws {
    if case .v4 = channel.remoteAddress {
      try setNoDelay(channel)
    } else if case .v6 = channel.remoteAddress {
      try setNoDelay(channel)
    }
    let connection = ServerConnection(router: router, configuration: configuration, logger: logger)
    try connection.add(to: channel, tls: tls)
    let id = ObjectIdentifier(connection)
    let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
    let isShuttingDown = state.withLock { state in
      state.connections[id] = (channel, bound)
      return state.isShuttingDown
    }
    channel.closeFuture.whenComplete { _ in
      let drained = self.state.withLock { state in
        state.connections[id] = nil
        return state.connections.isEmpty ? state.drained : nil
      }
      drained?.succeed()
    }
    if isShuttingDown { channel.close(promise: nil) }
  }

  private func setNoDelay(_ channel: any Channel) throws {
    try channel.syncOptions?.setOption(.socketOption(.tcp_nodelay), value: 1)
  }

  /// Stops in good order: no new connections and calls, open calls go on for up to `grace`, then they are cut.
  public func shutdown(within grace: Duration) async {
    let loop = eventLoopGroup.next()
    let drained = loop.makePromise(of: Void.self)
    let (listeners, connections) = state.withLock { state in
      state.isShuttingDown = true
      let listeners = state.listeners
      state.listeners = []
      for (_, watch) in state.certificates { watch?.cancel() }
      state.certificates = []
      if state.connections.isEmpty {
        drained.succeed()
      } else if let earlier = state.drained {
        earlier.futureResult.cascade(to: drained)
      } else {
        state.drained = drained
      }
      return (listeners, Array(state.connections.values))
    }
    for service in registered { service.serverShutsDown() }
    for listener in listeners { try? await listener.close() }
    for (channel, connection) in connections {
      channel.eventLoop.execute { connection.value.beginShutdown() }
    }
    let cut = loop.scheduleTask(in: TimeAmount(grace)) {
      let left = self.state.withLock { Array($0.connections.values) }
      for (channel, _) in left { channel.close(promise: nil) }
    }
    // Always succeeds: each connection's end is counted.
    try? await drained.futureResult.get()
    cut.cancel()
  }
}
