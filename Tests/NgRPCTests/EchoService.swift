import NIOCore
import NgRPC

/// The service that the runtime is tested with: one method of each kind, on raw bytes.
struct EchoService: RPCService {
  static let unary = MethodDescriptor(service: "test.Echo", method: "Unary", kind: .unary)
  static let expand = MethodDescriptor(service: "test.Echo", method: "Expand", kind: .serverStreaming)
  static let collect = MethodDescriptor(service: "test.Echo", method: "Collect", kind: .clientStreaming)
  static let chat = MethodDescriptor(service: "test.Echo", method: "Chat", kind: .bidirectional)
  static let fail = MethodDescriptor(service: "test.Echo", method: "Fail", kind: .unary)
  static let hang = MethodDescriptor(service: "test.Echo", method: "Hang", kind: .bidirectional)
  static let metadata = MethodDescriptor(service: "test.Echo", method: "Metadata", kind: .unary)
  static let handler = MethodDescriptor(service: "test.Echo", method: "Handler", kind: .bidirectional)

  /// Told when `hang` is cancelled.
  let hangs: AsyncStream<Void>
  private let hung: AsyncStream<Void>.Continuation

  init() { (hangs, hung) = AsyncStream.makeStream() }

  func register(with router: inout RPCRouter) {
    router.unary(Self.unary) { (request: ByteBuffer, _) in request }
    // Answers with each byte in a message of its own.
    router.serverStreaming(Self.expand) { (request: ByteBuffer, responses: ResponseWriter<ByteBuffer>, _) in
      for byte in request.readableBytesView { try await responses.send(ByteBuffer(bytes: [byte])) }
    }
    router.clientStreaming(Self.collect) { (requests: RequestStream<ByteBuffer>, _) in
      var all = ByteBuffer()
      for try await request in requests { all.writeImmutableBuffer(request) }
      return all
    }
    router.bidirectional(Self.chat) {
      (requests: RequestStream<ByteBuffer>, responses: ResponseWriter<ByteBuffer>, _) in
      for try await request in requests { try await responses.send(request) }
    }
    router.unary(Self.fail) { (request: ByteBuffer, _) -> ByteBuffer in
      throw RPCError(
        code: .init(rawValue: request.getInteger(at: 0) ?? 0), message: "50% ärger\n",
        metadata: ["reason": "asked-for"])
    }
    let hung = hung
    // Says that it has begun, and then nothing more.
    router.bidirectional(Self.hang) {
      (_: RequestStream<ByteBuffer>, responses: ResponseWriter<ByteBuffer>, _) in
      defer { hung.yield() }
      try await responses.send(ByteBuffer())
      while true { try await Task.sleep(for: .seconds(3600)) }
    }
    router.unary(Self.metadata) { (_: ByteBuffer, context) in
      var echo = Metadata()
      for value in context.metadata.strings(for: "x-echo") { echo.add(value, for: "x-echo") }
      for value in context.metadata.binaries(for: "x-echo-bin") { echo.add(binary: value, for: "x-echo-bin") }
      context.setInitialMetadata(echo)
      context.setTrailingMetadata(echo)
      return ByteBuffer()
    }
    router.stream(Self.handler) { (stream: ServerStream<ByteBuffer>, _) in EchoHandler(stream) }
  }
}

/// Echoes below `async`.
final class EchoHandler: StreamHandler {
  typealias Inbound = ByteBuffer
  typealias Outbound = ByteBuffer
  private let stream: ServerStream<ByteBuffer>

  init(_ stream: ServerStream<ByteBuffer>) { self.stream = stream }

  func received(_ message: ByteBuffer) { stream.send(message) }
  func inboundEnded() { stream.close() }
  func writable() {}
  func closed(_ status: RPCError) {}
}
