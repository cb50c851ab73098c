import NIOCore
import NIOPosix
import Synchronization

/// Passes TCP connections on to another port of 127.0.0.1, until it cuts them or lets them go silent.
public final class Relay: Sendable {
  /// Which way bytes go.
  public enum Direction: CaseIterable, Sendable {
    /// From whoever connected to the relay.
    case fromCaller
    /// To whoever connected to the relay.
    case toCaller
  }

  private struct State {
    var listener: (any Channel)?
    var connections: [ObjectIdentifier: any Channel] = [:]
    var accepted = 0
    var silent: Set<Direction> = []
    /// Fulfilled when what is silent has changed.
    var waiting: [EventLoopPromise<Void>] = []
  }

  private let state = Mutex(State())

  public init() {}

  /// Begins to listen on a free port.
  ///
  /// - Returns: the port.
  public func start(to port: Int) async throws -> Int {
    let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { inbound in
        self.keep(inbound, isAccepted: true)
        return ClientBootstrap(group: inbound.eventLoop)
          .channelInitializer { outbound in
            outbound.eventLoop.makeCompletedFuture {
              self.keep(outbound, isAccepted: false)
              try outbound.pipeline.syncOperations.addHandler(Forwarder(.toCaller, to: inbound, relay: self))
            }
          }
          .connect(host: "127.0.0.1", port: port)
          .flatMapThrowing { outbound in
            try inbound.pipeline.syncOperations.addHandler(Forwarder(.fromCaller, to: outbound, relay: self))
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
    for connection in connections { connection.close(promise: nil) }
  }

  /// Has all connections, also new ones, say nothing more, not even that they ended; or speak again, beginning with what
  /// they held back, as after an outage of the network.
  public func setSilent(_ isSilent: Bool) {
    setSilent(isSilent ? Set(Direction.allCases) : [])
  }

  /// Has all connections, also new ones, say nothing more in some directions, as when a network loses packets one way; in
  /// the others they speak.
  public func setSilent(_ directions: Set<Direction>) {
    let waiting = state.withLock { state in
      state.silent = directions
      defer { state.waiting = [] }
      return state.waiting
    }
    for promise in waiting { promise.succeed() }
  }

  /// Accepts nothing more, and cuts what there is.
  public func stop() async {
    try? await state.withLock { $0.listener }?.close()
    setSilent(false)
    cut()
  }

  /// Nil when it speaks in the direction; else what is fulfilled when it is time to ask again.
  fileprivate func silence(_ direction: Direction, on eventLoop: any EventLoop) -> EventLoopFuture<Void>? {
    state.withLock { state in
      guard state.silent.contains(direction) else { return nil }
      let promise = eventLoop.makePromise(of: Void.self)
      state.waiting.append(promise)
      return promise.futureResult
    }
  }

  private var connections: [any Channel] { state.withLock { Array($0.connections.values) } }

  private func keep(_ channel: any Channel, isAccepted: Bool) {
    state.withLock { state in
      state.connections[ObjectIdentifier(channel)] = channel
      if isAccepted { state.accepted += 1 }
    }
    channel.closeFuture.whenComplete { _ in
      self.state.withLock { $0.connections[ObjectIdentifier(channel)] = nil }
    }
  }
}

/// Writes what one channel reads to the other, which is of the same event loop.
private final class Forwarder: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  private let direction: Relay.Direction
  private let other: any Channel
  private let relay: Relay
  private var heldBack: [ByteBuffer] = []
  private var hasEnded = false
  private var isWaiting = false

  init(_ direction: Relay.Direction, to other: any Channel, relay: Relay) {
    self.direction = direction
    self.other = other
    self.relay = relay
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    heldBack.append(unwrapInboundIn(data))
    passOn()
  }

  func channelInactive(context: ChannelHandlerContext) {
    hasEnded = true
    passOn()
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    context.close(promise: nil)
  }

  private func passOn() {
    guard !isWaiting else { return }
    if let silence = relay.silence(direction, on: other.eventLoop) {
      isWaiting = true
      silence.assumeIsolated().whenSuccess {
        self.isWaiting = false
        self.passOn()
      }
      return
    }
    for bytes in heldBack { other.write(bytes, promise: nil) }
    heldBack = []
    other.flush()
    if hasEnded { other.close(promise: nil) }
  }
}
