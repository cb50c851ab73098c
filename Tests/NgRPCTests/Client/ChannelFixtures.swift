import NIOCore
import NIOPosix
import NgRPC
import Synchronization

/// A channel to some endpoints, with short waits; it has ended when `body` returns.
func withChannel<Result>(
  to targets: [Endpoint], _ configure: (inout RPCChannel.Configuration) -> Void = { _ in },
  _ body: (RPCChannel) async throws -> Result
) async throws -> Result {
  var configuration = RPCChannel.Configuration()
  configuration.backoff.initial = .milliseconds(20)
  configuration.minResolutionInterval = .milliseconds(20)
  configure(&configuration)
  return try await ending(RPCChannel(to: targets, configuration: configuration, logger: quiet), body)
}

func ending<Result>(_ channel: RPCChannel, _ body: (RPCChannel) async throws -> Result) async throws -> Result
{
  do {
    let result = try await body(channel)
    await channel.shutdown(within: .seconds(5))
    return result
  } catch {
    await channel.shutdown(within: .zero)
    throw error
  }
}

extension RPCChannel {
  func echo(_ text: String = "hi", options: CallOptions = .defaults) async throws -> String {
    let response: ByteBuffer = try await unary(EchoService.unary, ByteBuffer(string: text), options: options)
    return String(buffer: response)
  }
}

extension RPCChannel {
  /// How such a call fails.
  func echoError(_ text: String = "hi", options: CallOptions = .defaults) async throws -> RPCError? {
    try await rpcError { try await self.echo(text, options: options) }
  }
}

/// Says who it is.
struct NamedService: RPCService {
  static let name = MethodDescriptor(service: "test.Named", method: "Name", kind: .unary)
  let name: String

  func register(with router: inout RPCRouter) {
    let name = name
    router.unary(Self.name) { (_: ByteBuffer, _) in ByteBuffer(string: name) }
  }
}

/// A server that says its name.
func named(_ name: String) async throws -> (server: RPCServer, endpoint: Endpoint) {
  let server = RPCServer(services: [NamedService(name: name)], logger: quiet)
  let port = try await server.start(on: .hostAndPort("127.0.0.1", 0)).port!
  return (server, Endpoint(host: "127.0.0.1", port: port))
}

extension RPCChannel {
  /// The name of whichever server answers.
  func name(options: CallOptions = .defaults) async throws -> String {
    let name: ByteBuffer = try await unary(NamedService.name, ByteBuffer(), options: options)
    return String(buffer: name)
  }
}

/// Sends its SETTINGS, and then nothing more, whatever comes: a server whose machine has gone.
final class MuteServer: Sendable {
  private final class Handler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let server: MuteServer

    init(_ server: MuteServer) { self.server = server }

    func channelActive(context: ChannelHandlerContext) {
      server.accepted.add(1, ordering: .relaxed)
      if server.sendsSettings {
        context.writeAndFlush(NIOAny(ByteBuffer(bytes: [0, 0, 0, 4, 0, 0, 0, 0, 0])), promise: nil)
      }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {}
  }

  private let sendsSettings: Bool
  private let accepted = Atomic(0)
  private let listener = Mutex<(any Channel)?>(nil)

  init(sendsSettings: Bool = true) { self.sendsSettings = sendsSettings }

  var acceptedCount: Int { accepted.load(ordering: .relaxed) }

  func start() async throws -> Endpoint {
    let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
      .childChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(Handler(self))
        }
      }
      .bind(host: "127.0.0.1", port: 0).get()
    listener.withLock { $0 = channel }
    return Endpoint(host: "127.0.0.1", port: channel.localAddress!.port!)
  }

  func stop() async throws { try await listener.withLock { $0 }?.close() }
}

/// Endpoints that a test changes.
final class TestResolver: NameResolver {
  private let state = Mutex<
    (endpoints: [Endpoint], watchers: [AsyncThrowingStream<[Endpoint], any Error>.Continuation])
  >(
    ([], []))
  private let goesOn: Bool

  /// - Parameter goesOn: whether it tells of changes by itself, or has to be asked.
  init(_ endpoints: [Endpoint], goesOn: Bool) {
    self.goesOn = goesOn
    state.withLock { $0.endpoints = endpoints }
  }

  func set(_ endpoints: [Endpoint]) {
    let watchers = state.withLock { state in
      state.endpoints = endpoints
      return state.watchers
    }
    for watcher in watchers { watcher.yield(endpoints) }
  }

  func endpoints() -> AsyncThrowingStream<[Endpoint], any Error> {
    AsyncThrowingStream { continuation in
      let endpoints = state.withLock { state in
        if goesOn { state.watchers.append(continuation) }
        return state.endpoints
      }
      continuation.yield(endpoints)
      if !goesOn { continuation.finish() }
    }
  }
}
