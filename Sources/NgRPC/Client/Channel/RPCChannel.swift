import Logging
import NIOCore
import NIOPosix

/// Makes calls to a server, or to several that serve the same, over HTTP/2.
///
/// Connects when a call wants it, and again with backoff when a connection is lost. Lives on one event loop; usable from any
/// thread. Shut it down when it is not needed any more.
public final class RPCChannel: Sendable {
  private let core: ChannelCore
  private let configuration: Configuration
  private let interceptors: [any ClientInterceptor]

  /// - Parameters:
  ///   - targets: at least one, each with all addresses that its name has; in the order in which they are preferred.
  ///   - interceptors: step into every call, the first around all others.
  ///   - eventLoop: where the channel lives; one of the process's shared loops by default.
  public convenience init(
    to targets: [Endpoint], interceptors: [any ClientInterceptor] = [],
    configuration: Configuration = .defaults, eventLoop: (any EventLoop)? = nil, logger: Logger
  ) {
    precondition(!targets.isEmpty, "a channel needs a target")
    self.init(.endpoints(targets), interceptors, configuration, eventLoop, logger)
  }

  /// - Parameters:
  ///   - resolver: tells where the servers are, and when that changes.
  ///   - interceptors: step into every call, the first around all others.
  ///   - eventLoop: where the channel lives; one of the process's shared loops by default.
  public convenience init(
    resolver: any NameResolver, interceptors: [any ClientInterceptor] = [],
    configuration: Configuration = .defaults, eventLoop: (any EventLoop)? = nil, logger: Logger
  ) {
    self.init(.resolver(resolver), interceptors, configuration, eventLoop, logger)
  }

  private init(
    _ source: NameResolution.Source, _ interceptors: [any ClientInterceptor],
    _ configuration: Configuration, _ eventLoop: (any EventLoop)?, _ logger: Logger
  ) {
    self.configuration = configuration
    self.interceptors = interceptors
    core = ChannelCore(
      source, configuration: configuration,
      eventLoop: eventLoop ?? MultiThreadedEventLoopGroup.singleton.next(), logger: logger)
  }

  public var eventLoop: any EventLoop { core.eventLoop }

  /// The state now, and at each change; ends when the channel is shut down.
  public var states: AsyncStream<ConnectivityState> {
    AsyncStream { continuation in core.eventLoop.execute { self.core.observe(continuation) } }
  }

  /// Connects without waiting for a call. Does nothing when there is a connection, or one on its way.
  public func connect() { onEventLoop { self.core.connect() } }

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
    let (call, start) = make(method, options)
    let queue = InboundQueue<Response>(eventLoop: core.eventLoop, buffers: core.buffers)
    let waiters = RoomWaiters(eventLoop: core.eventLoop)
    onEventLoop {
      call.begin(queue, writers: waiters)
      if case .now = start { call.start() }
    }
    prepare(call, start)
    return ClientCall(core: call, queue: queue, waiters: waiters)
  }

  /// Opens a call that is handled below `async`: `make` is called on the channel's event loop.
  public func stream<Handler: StreamHandler & SendableMetatype>(
    _ method: MethodDescriptor, options: CallOptions = .defaults,
    _ make: @escaping @Sendable (ClientStream<Handler.Outbound>) -> Handler
  ) {
    let (call, start) = self.make(method, options)
    onEventLoop {
      call.begin(HandlerReceiver(make(ClientStream(call: call)), eventLoop: self.core.eventLoop))
      if case .now = start { call.start() }
    }
    prepare(call, start)
  }

  /// When a call that was made is started.
  private enum Start: Sendable {
    case now
    /// When the interceptor that holds it, and those within, have prepared it.
    case prepared(ClientCallPreparation, ClientInterception.Preparation)
    /// Not at all.
    case refused(RPCError)
  }

  /// Makes a call and has it pass the interceptors, in the caller's task.
  private func make(_ method: MethodDescriptor, _ options: CallOptions) -> (ClientCallCore, Start) {
    guard !interceptors.isEmpty else { return (makeCore(method, options, nil), .now) }
    let preparation = ClientCallPreparation(
      interceptors, ClientContext(method: method, options: options, isEncrypted: configuration.tls != nil))
    let now = NIODeadline.now()
    let start: Start
    do {
      switch try preparation.advance() {
      case .send: start = .now
      case .hold(let prepare): start = .prepared(preparation, prepare)
      }
    } catch {
      start = .refused(RPCError(thrownByInterceptor: error))
    }
    let interception = ClientCallInterception(preparation.takeObservers(), now: now)
    return (makeCore(method, preparation.context.options, interception), start)
  }

  private func makeCore(
    _ method: MethodDescriptor, _ options: CallOptions, _ interception: ClientCallInterception?
  ) -> ClientCallCore {
    ClientCallCore(method: method, options: options, interception: interception, channel: core)
  }

  /// Has a call that was begun prepared, and then starts it. In the caller's task, whose task-locals go along.
  private func prepare(_ call: ClientCallCore, _ start: Start) {
    switch start {
    case .now: break
    case .refused(let error): call.onEventLoop { $0.end(error) }
    case .prepared(let preparation, let first):
      let task = Task {
        var failure: RPCError?
        do {
          try await preparation.finish(from: first)
        } catch {
          failure = RPCError(thrownByInterceptor: error)
        }
        call.onEventLoop { [failure] call in
          call.interception?.add(preparation.takeObservers())
          if let failure { return call.end(failure) }
          call.prepared(with: preparation.context.options)
          call.start()
        }
      }
      call.onEventLoop { $0.interception?.hold(for: task) }
    }
  }

  private func onEventLoop(_ body: @escaping @Sendable () -> Void) {
    if core.eventLoop.inEventLoop { body() } else { core.eventLoop.execute(body) }
  }

  /// Stops in good order: no new calls, calls that wait for a connection end with UNAVAILABLE, open calls go on for up to
  /// `grace`, then they are cut.
  public func shutdown(within grace: Duration) async {
    await withCheckedContinuation { done in
      onEventLoop { self.core.shutdown(within: TimeAmount(grace), done) }
    }
  }
}
