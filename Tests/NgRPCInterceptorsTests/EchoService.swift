import NIOCore
import NgRPC
import Testing

/// A service with a method of each kind, and one below `async`; all send back what they get, message by message or at once.
struct EchoService: RPCService {
  static let name = "test.Echo"
  static let unary = MethodDescriptor(service: name, method: "Unary", kind: .unary)
  static let expand = MethodDescriptor(service: name, method: "Expand", kind: .serverStreaming)
  static let collect = MethodDescriptor(service: name, method: "Collect", kind: .clientStreaming)
  static let chat = MethodDescriptor(service: name, method: "Chat", kind: .bidirectional)
  static let stream = MethodDescriptor(service: name, method: "Stream", kind: .bidirectional)
  static let every = [unary, expand, collect, chat, stream]
  static let async = [unary, expand, collect, chat]

  /// Called as a handler begins; in its task when it has one.
  var began: @Sendable (ServerContext) async throws -> Void = { _ in }
  /// Called when a handler below `async` is made.
  var made: @Sendable (ServerContext) throws -> Void = { _ in }

  func register(with router: inout RPCRouter) {
    router.unary(Self.unary) { (request: ByteBuffer, context) in
      try await began(context)
      return request
    }
    router.serverStreaming(Self.expand) {
      (request: ByteBuffer, responses: ResponseWriter<ByteBuffer>, context) in
      try await began(context)
      for byte in request.readableBytesView { try await responses.send(ByteBuffer(bytes: [byte])) }
    }
    router.clientStreaming(Self.collect) { (requests: RequestStream<ByteBuffer>, context) in
      try await began(context)
      var all = ByteBuffer()
      for try await request in requests { all.writeImmutableBuffer(request) }
      return all
    }
    router.bidirectional(Self.chat) {
      (requests: RequestStream<ByteBuffer>, responses: ResponseWriter<ByteBuffer>, context) in
      try await began(context)
      for try await request in requests { try await responses.send(request) }
    }
    router.stream(Self.stream) { (stream: ServerStream<ByteBuffer>, context) in
      try made(context)
      return EchoHandler(stream)
    }
  }
}

private final class EchoHandler: StreamHandler {
  typealias Outbound = ByteBuffer

  private let stream: ServerStream<ByteBuffer>

  init(_ stream: ServerStream<ByteBuffer>) { self.stream = stream }

  func received(_ message: ByteBuffer) { stream.send(message) }
  func inboundEnded() { stream.close() }
  func writable() {}
  func closed(_ status: RPCError) {}
}

/// A call's outcome.
struct Exchange {
  var responses: [String] = []
  var initialMetadata = Metadata()
  var status: RPCError
}

extension RPCChannel {
  /// Makes a call of any kind with one request, and waits for its end.
  func exchange(
    _ method: MethodDescriptor, _ request: String = "hi", options: CallOptions = .defaults
  ) async throws -> Exchange {
    let call = call(method, options: options, (ByteBuffer.self, ByteBuffer.self))
    try? await call.send(ByteBuffer(string: request))
    call.finish()
    var responses: [String] = []
    do {
      for try await response in call.messages { responses.append(String(buffer: response)) }
    } catch is RPCError {
      // The status tells.
    }
    return Exchange(
      responses: responses, initialMetadata: (try? await call.initialMetadata()) ?? [:],
      status: try await call.status())
  }

  /// Makes a call and expects it to end with `code`.
  func expect(
    _ code: StatusCode, of method: MethodDescriptor, options: CallOptions = .defaults,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let status = try await exchange(method, options: options).status
    #expect(status.code == code, "\(status)", sourceLocation: sourceLocation)
  }
}
