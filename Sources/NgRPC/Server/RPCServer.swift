import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

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
    var connections: OpenConnections
  }

  private let registered: [any RPCService]
  private let settings: ServerSettings
  private let eventLoopGroup: any EventLoopGroup
  private let state: Mutex<State>

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
    settings = ServerSettings(router: router, configuration: configuration, logger: logger)
    self.eventLoopGroup = eventLoopGroup
    state = Mutex(State(connections: OpenConnections(configuration.limits)))
  }

  /// The full names of the services served.
  public var services: [String] { settings.router.services }

  /// How many connections are open.
  public var connectionCount: Int { state.withLock { $0.connections.count } }

  /// Begins to listen, with TLS when the configuration says so.
  ///
  /// - Returns: the address, with the port that the system chose.
  /// - Throws: UNAVAILABLE when the address can't be bound or the server is shutting down; ``InvalidTLS``.
  @discardableResult
  public func start(on address: BindAddress) async throws -> SocketAddress {
    try await start(on: address, tls: settings.configuration.tls)
  }

  /// Begins to listen, with TLS or without, whatever the configuration says.
  ///
  /// - Parameter tls: nil for plaintext.
  /// - Returns: the address, with the port that the system chose.
  /// - Throws: UNAVAILABLE when the address can't be bound or the server is shutting down; ``InvalidTLS``.
  @discardableResult
  public func start(on address: BindAddress, tls: ServerTLS?) async throws -> SocketAddress {
    let certificates = tls.map { TLSContextSource($0.settings, logger: settings.logger) }
    try await certificates?.refresh()
    let bootstrap = ServerBootstrap(group: eventLoopGroup)
      .serverChannelOption(.backlog, value: Int32(clamping: settings.configuration.backlog))
      .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
      .serverChannelInitializer { [logger = settings.logger] listener in
        listener.eventLoop.makeCompletedFuture {
          try listener.pipeline.syncOperations.addHandler(AcceptPause(logger: logger))
        }
      }
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
      guard !state.connections.isStopping else { return false }
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
    try setOptions(channel)
    let deadlines = state.withLock { $0.connections.deadlines(of: channel.eventLoop) }
    let connection = ServerConnection(settings, deadlines: deadlines)
    let bound = NIOLoopBound(connection, eventLoop: channel.eventLoop)
    let address = channel.remoteAddress?.ipAddress
    switch state.withLock({ $0.connections.admit(bound, on: channel.eventLoop, from: address) }) {
    case .refused(let reason):
      settings.logger.debug(
        "refusing a connection", metadata: ["peer": "\(address ?? "?")", "reason": "\(reason.rawValue)"])
      channel.close(promise: nil)
    case .admitted(let id):
      channel.closeFuture.whenComplete { _ in
        for waiter in self.state.withLock({ $0.connections.remove(id) }) { waiter.succeed() }
      }
      try connection.add(to: channel, tls: tls)
    }
  }

  private func setOptions(_ channel: any Channel) throws {
    guard let options = channel.syncOptions else { return }
    switch channel.remoteAddress {
    case .v4, .v6:
      try options.setOption(.socketOption(.tcp_nodelay), value: 1)
      guard settings.configuration.keepalive.time != nil else { return }
      // gRPC proposal A18: also a client that does not acknowledge what it was sent is gone.
      let milliseconds = settings.configuration.keepalive.timeout.nanoseconds / 1_000_000
      let option = ChannelOptions.Types.SocketOption(
        level: .tcp, name: NIOBSDSocket.Option(rawValue: CInt(TCP_USER_TIMEOUT)))
      try options.setOption(option, value: Int(clamping: milliseconds))
    default: break
    }
  }

  /// Stops in good order: no new connections and calls, open calls go on for up to `grace`, then they are cut.
  ///
  /// Returns when the last connection has ended. May be called again, with a shorter grace.
  public func shutdown(within grace: Duration) async {
    let loop = eventLoopGroup.next()
    let drained = loop.makePromise(of: Void.self)
    let (listeners, connections, isEmpty) = state.withLock { state in
      let isEmpty = !state.connections.stop(drained)
      for (_, watch) in state.certificates { watch?.cancel() }
      state.certificates = []
      defer { state.listeners = [] }
      return (state.listeners, state.connections.all, isEmpty)
    }
    if isEmpty { drained.succeed() }
    for service in registered { service.serverShutsDown() }
    for listener in listeners { try? await listener.close() }
    let grace = TimeAmount(grace)
    for (connection, eventLoop) in connections {
      eventLoop.execute { connection.value.beginShutdown(within: grace) }
    }
    let cut = loop.scheduleTask(in: grace) {
      let left = self.state.withLock { $0.connections.all }
      for (connection, eventLoop) in left { eventLoop.execute { connection.value.cut() } }
    }
    // Always succeeds: each connection's end is counted.
    try? await drained.futureResult.get()
    cut.cancel()
  }
}
