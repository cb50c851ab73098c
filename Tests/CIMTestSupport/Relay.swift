import NIOCore
import NIOPosix
import Synchronization

/// Passes TCP connections on to another port, until it cuts them or lets them go silent.
public final class Relay: Sendable {
  private struct State {
    var listener: (any Channel)?
    var connections: [any Channel] = []
    var accepted = 0
  }

  /// Bytes are dropped while this is set: both ends see an open connection that says nothing.
  private let silent = Atomic(false)
  private let state = Mutex(State())

  public init() {}

  /// Begins to listen on a free port.
  ///
  /// - Returns: the port.
  public func start(to port: Int) async throws -> Int {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { inbound in
        self.keep(inbound)
        return ClientBootstrap(group: inbound.eventLoop)
          .channelInitializer { outbound in
            outbound.eventLoop.makeCompletedFuture {
              self.keep(outbound)
              try outbound.pipeline.syncOperations.addHandler(Forwarder(to: inbound, relay: self))
            }
          }
          .connect(host: "127.0.0.1", port: port)
          .flatMapThrowing { outbound in
            try inbound.pipeline.syncOperations.addHandler(Forwarder(to: outbound, relay: self))
          }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    state.withLock { $0.listener = listener }
    return listener.localAddress?.port ?? 0
  }

  /// How many connections have been accepted.
  public var accepted: Int { state.withLock { $0.accepted } }

  /// Cuts all connections; new ones are accepted.
  public func cut() {
    let connections = state.withLock { state in
      defer { state.connections = [] }
      return state.connections
    }
    for connection in connections { connection.close(promise: nil) }
  }

  /// Has all connections, also new ones, say nothing more, or speak again.
  public func setSilent(_ isSilent: Bool) { silent.store(isSilent, ordering: .sequentiallyConsistent) }

  /// Accepts nothing more, and cuts what there is.
  public func stop() async {
    try? await state.withLock { $0.listener }?.close()
    cut()
  }

  fileprivate var isSilent: Bool { silent.load(ordering: .sequentiallyConsistent) }

  private func keep(_ channel: any Channel) {
    state.withLock { state in
      state.connections.append(channel)
      state.accepted += 1
    }
  }
}

/// Writes what one channel reads to the other.
private final class Forwarder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let other: any Channel
  private let relay: Relay

  init(to other: any Channel, relay: Relay) {
    self.other = other
    self.relay = relay
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    guard !relay.isSilent else { return }
    other.writeAndFlush(unwrapInboundIn(data), promise: nil)
  }

  func channelInactive(context: ChannelHandlerContext) {
    other.close(promise: nil)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }
}
