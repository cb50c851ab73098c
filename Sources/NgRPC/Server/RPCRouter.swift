import NIOCore

/// The methods that a server serves, and who handles them.
public struct RPCRouter: Sendable {
  struct Route: Sendable {
    let method: MethodDescriptor
    /// False when the server does not have the method.
    var isRegistered = true
    /// Nil when none has to do with the method.
    var interceptors: [any ServerInterceptor]?
    let begin: @Sendable (ServerCall) throws -> InboundReceiver
  }

  var routes: [String: Route] = [:]
  /// Those of the server, the outermost first.
  var interceptors: [any ServerInterceptor] = []

  public init() {}

  /// The full names of the services that have a method here, in alphabetical order.
  public var services: [String] { Set(routes.values.map(\.method.service)).sorted() }

  /// Has `handler` answer each call of a unary method.
  public mutating func unary<Request: RPCMessage, Response: RPCMessage>(
    _ method: MethodDescriptor,
    _ handler: @escaping @Sendable (Request, ServerContext) async throws -> Response
  ) {
    add(method) { call in
      UnaryReceiver<Request>(call: call) { request in
        try await call.respond(try await handler(request, ServerContext(call)))
      }
    }
  }

  /// Has `handler` answer each call of a server-streaming method; the call ends when it returns.
  public mutating func serverStreaming<Request: RPCMessage, Response: RPCMessage>(
    _ method: MethodDescriptor,
    _ handler: @escaping @Sendable (Request, ResponseWriter<Response>, ServerContext) async throws -> Void
  ) {
    add(method) { call in
      let writer: ResponseWriter<Response> = call.makeWriter()
      return UnaryReceiver<Request>(call: call) { request in
        try await handler(request, writer, ServerContext(call))
      }
    }
  }

  /// Has `handler` answer each call of a client-streaming method.
  public mutating func clientStreaming<Request: RPCMessage, Response: RPCMessage>(
    _ method: MethodDescriptor,
    _ handler: @escaping @Sendable (RequestStream<Request>, ServerContext) async throws -> Response
  ) {
    add(method) { call in
      let queue = InboundQueue<Request>(eventLoop: call.eventLoop, buffers: call.executor.buffers)
      queue.creditor = call
      call.handle { call in
        try await call.respond(try await handler(RequestStream(queue: queue), ServerContext(call)))
      }
      return queue
    }
  }

  /// Has `handler` answer each call of a bidirectional method; the call ends when it returns.
  public mutating func bidirectional<Request: RPCMessage, Response: RPCMessage>(
    _ method: MethodDescriptor,
    _ handler:
      @escaping @Sendable (RequestStream<Request>, ResponseWriter<Response>, ServerContext) async throws ->
      Void
  ) {
    add(method) { call in
      let queue = InboundQueue<Request>(eventLoop: call.eventLoop, buffers: call.executor.buffers)
      queue.creditor = call
      let writer: ResponseWriter<Response> = call.makeWriter()
      call.handle { call in
        try await handler(RequestStream(queue: queue), writer, ServerContext(call))
      }
      return queue
    }
  }

  /// Has a handler of its own, made by `make` on the call's event loop, handle each call below `async`.
  ///
  /// The call ends when the handler closes its ``ServerStream``; an error thrown by `make` ends it at once.
  public mutating func stream<Handler: StreamHandler & SendableMetatype>(
    _ method: MethodDescriptor,
    _ make: @escaping @Sendable (ServerStream<Handler.Outbound>, ServerContext) throws -> Handler
  ) {
    add(method) { call in
      let receiver = HandlerReceiver(
        try make(ServerStream(call: call), ServerContext(call)), eventLoop: call.eventLoop)
      receiver.creditor = call
      return receiver
    }
  }

  private mutating func add(
    _ method: MethodDescriptor, _ begin: @escaping @Sendable (ServerCall) throws -> InboundReceiver
  ) {
    precondition(routes[method.path] == nil, "\(method) has a handler already")
    routes[method.path] = Route(method: method, begin: begin)
  }
}

extension ServerCall {
  /// Runs an `async` handler on the call's event loop, and ends the call with what comes of it.
  func handle(_ handler: @escaping @Sendable (ServerCall) async throws -> Void) {
    if let interception, !interception.advice.isEmpty {
      perform(Self.advised(handler, by: interception.advice[...]))
    } else {
      perform(handler)
    }
  }

  @inline(never)
  private func handlerReturned() { onEventLoop { $0.finish(nil) } }

  @inline(never)
  private func handlerThrew(_ error: any Error) {
    let error = RPCError(thrownByHandler: error)
    onEventLoop { $0.finish(error) }
  }

  private func perform(_ handler: @escaping @Sendable (ServerCall) async throws -> Void) {
    run {
      self.receiver?.adoptCurrentTask()
      do {
        try await handler(self)
        self.handlerReturned()
      } catch {
        self.handlerThrew(error)
      }
    }
  }
}

/// Waits for the one request of a call, and has it handled when the client has ended its side.
private final class UnaryReceiver<Request: RPCMessage>: InboundReceiver {
  private unowned let call: ServerCall
  private let handler: @Sendable (Request) async throws -> Void
  private var request: Request?
  private var compressed: CompressedMessage?
  /// Given when the request is handed on: until then it is held for the client.
  private var credit = 0

  init(call: ServerCall, handler: @escaping @Sendable (Request) async throws -> Void) {
    self.call = call
    self.handler = handler
  }

  override func receive(_ bytes: UnsafeRawBufferPointer, credit: Int) throws {
    request = try Request(serialized: bytes)
    self.credit = credit
  }

  override func receive(_ message: CompressedMessage, credit: Int) throws {
    compressed = message
    self.credit = credit
  }

  override func receivedEnd() {
    let handler = handler
    call.giveCredit(credit)
    if let request {
      self.request = nil
      call.handle { _ in try await handler(request) }
    } else if let compressed {
      self.compressed = nil
      compressedCount += 1
      call.handle { call in
        let (request, size): (Request, MessageSize)
        do {
          (request, size) = try await compressed.decodedAside()
        } catch {
          throw RPCError(unreadable: error)
        }
        call.onEventLoop { $0.inflated(size) }
        try await handler(request)
      }
    }
  }
}
