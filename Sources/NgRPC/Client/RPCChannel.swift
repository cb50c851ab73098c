import Logging
import NIOCore
import NIOPosix

/// Makes calls to a server over HTTP/2.
///
/// Connects when a call wants it, to the first target that answers, and again with backoff when the connection is lost. Lives
/// on one event loop; usable from any thread. Shut it down when it is not needed any more.
public final class RPCChannel: Sendable {
  private let core: ChannelCore
  private let configuration: Configuration

  /// - Parameters:
  ///   - targets: at least one; tried in order, each with all addresses that its name has.
  ///   - eventLoop: where the channel lives; one of the process's shared loops by default.
  public init(
    to targets: [Endpoint], configuration: Configuration = .defaults, eventLoop: (any EventLoop)? = nil,
    logger: Logger
  ) {
    precondition(!targets.isEmpty, "a channel needs a target")
    self.configuration = configuration
    core = ChannelCore(
      targets: targets, configuration: configuration,
      eventLoop: eventLoop ?? MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
  }

  public var eventLoop: any EventLoop { core.eventLoop }

  /// The state now, and at each change; ends when the channel is shut down.
  public var states: AsyncStream<ConnectivityState> {
    AsyncStream { continuation in core.eventLoop.execute { self.core.observe(continuation) } }
  }

  /// Makes a call with one request and one response.
  ///
  /// - Throws: ``RPCError`` with the call's status; CANCELLED when the task is cancelled.
  public func unary<Request: RPCMessage, Response: RPCMessage>(
    _ method: MethodDescriptor, _ request: Request, options: CallOptions = .defaults
  ) async throws -> Response {
    let framed = try await FramedMessage.encoding(
      request, compression: options.compression ?? configuration.compression)
    let call = call(method, options: options, (Request.self, Response.self))
    call.sendOnly(framed)
    return try await withTaskCancellationHandler {
      var response: Response?
      for try await message in call.messages { response = message }
      guard let response else {
        throw RPCError(code: .internalError, message: "There was no response message.")
      }
      return response
    } onCancel: {
      call.cancel()
    }
  }

  /// Opens a call of any kind. It lasts until its status has come or it is cancelled.
  public func call<Request: RPCMessage, Response: RPCMessage>(
    _ method: MethodDescriptor, options: CallOptions = .defaults, _ types: (Request.Type, Response.Type)
  ) -> ClientCall<Request, Response> {
    let call = makeCore(method, options)
    let queue = InboundQueue<Response>(eventLoop: core.eventLoop)
    let waiters = RoomWaiters(eventLoop: core.eventLoop)
    onEventLoop {
      call.begin(queue, writers: waiters)
      self.core.start(call)
    }
    return ClientCall(core: call, queue: queue, waiters: waiters)
  }

  /// Opens a call that is handled below `async`: `make` is called on the channel's event loop.
  public func stream<Handler: StreamHandler & SendableMetatype>(
    _ method: MethodDescriptor, options: CallOptions = .defaults,
    _ make: @escaping @Sendable (ClientStream<Handler.Outbound>) -> Handler
  ) {
    let call = makeCore(method, options)
    onEventLoop {
      call.begin(HandlerReceiver(make(ClientStream(call: call))))
      self.core.start(call)
    }
  }

  private func makeCore(_ method: MethodDescriptor, _ options: CallOptions) -> ClientCallCore {
    var options = options
    options.compression = options.compression ?? configuration.compression
    return ClientCallCore(
      method: method, options: options, maxMessageBytes: configuration.maxMessageBytes,
      eventLoop: core.eventLoop)
  }

  private func onEventLoop(_ body: @escaping @Sendable () -> Void) {
    if core.eventLoop.inEventLoop { body() } else { core.eventLoop.execute(body) }
  }

  /// Stops in good order: no new calls, open calls go on for up to `grace`, then they are cut.
  public func shutdown(within grace: Duration) async {
    await withCheckedContinuation { done in
      onEventLoop { self.core.shutdown(within: TimeAmount(grace), done) }
    }
  }
}
