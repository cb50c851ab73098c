import NIOCore
import NIOPosix
import Testing

@testable import NgRPC

@Suite("Compression", .timeLimit(.minutes(1)))
struct CompressionTests {
  private let zeros = ByteBuffer(repeating: 0, count: 200_000)

  /// Calls `method` with the messages, and tells how many of the answers came compressed.
  private func call(
    _ method: MethodDescriptor, _ messages: [(ByteBuffer, compress: Bool)],
    _ options: CallOptions = .defaults,
    on channel: RPCChannel
  ) async throws -> (answers: [ByteBuffer], compressed: Int, requestsCompressed: String?) {
    let call = channel.call(method, options: options, (ByteBuffer.self, ByteBuffer.self))
    var answers: [ByteBuffer] = []
    for (message, compress) in messages { try await call.send(message, compress: compress) }
    call.finish()
    for try await answer in call.messages { answers.append(answer) }
    let status = try await call.status()
    return (answers, try await call.compressedCount(), status.metadata.string(for: "compressed"))
  }

  @Test("Nothing is compressed unless it is asked for")
  func off() async throws {
    try await withLoopback([CompressingService()]) { channel, _, _ in
      let result = try await call(CompressingService.chat, [(zeros, true)], on: channel)
      #expect(result.answers == [zeros])
      #expect(result.compressed == 0)
      #expect(result.requestsCompressed == "0")
    }
  }

  @Test(
    "Requests are compressed as the call, or else the channel, says; each message may be left out",
    arguments: [CompressionAlgorithm.gzip, .deflate], [true, false])
  func requests(algorithm: CompressionAlgorithm, byChannel: Bool) async throws {
    var configuration = RPCChannel.Configuration()
    if byChannel { configuration.compression = algorithm }
    let options = CallOptions(compression: byChannel ? nil : algorithm)
    try await withLoopback([CompressingService()], channel: configuration) { channel, _, _ in
      let result = try await call(
        CompressingService.chat, [(zeros, true), (zeros, false), (zeros, true)], options, on: channel)
      #expect(result.answers == [zeros, zeros, zeros])
      #expect(result.requestsCompressed == "2")
      #expect(result.compressed == 0)
      let plain = try await call(
        CompressingService.chat, [(zeros, true)], CallOptions(compression: .identity), on: channel)
      #expect(plain.requestsCompressed == "0")
      let echo: ByteBuffer = try await channel.unary(CompressingService.unary, zeros, options: options)
      #expect(echo == zeros)
    }
  }

  @Test(
    "Responses are compressed as the handler, or else the server, says; each message may be left out",
    arguments: [CompressionAlgorithm.gzip, .deflate], [true, false])
  func responses(algorithm: CompressionAlgorithm, byServer: Bool) async throws {
    var configuration = RPCServer.Configuration()
    if byServer { configuration.compression = algorithm }
    let options = CallOptions(metadata: byServer ? [:] : ["compression": algorithm.name])
    try await withLoopback([CompressingService()], server: configuration) { channel, _, _ in
      for method in [CompressingService.chat, CompressingService.elsewhere, CompressingService.handler] {
        let small = ByteBuffer(string: "small")
        let left = ByteBuffer(string: "as it is, as it is, as it is, as it is")
        let result = try await call(
          method, [(zeros, true), (small, true), (left, true), (zeros, true)], options, on: channel)
        #expect(result.answers == [zeros, small, left, zeros])
        #expect(result.compressed == 2)
      }
      for method in [CompressingService.unary, CompressingService.collect] {
        let result = try await call(method, [(zeros, true)], options, on: channel)
        #expect(result.answers == [zeros])
        #expect(result.compressed == 1)
      }
    }
  }

  @Test("Messages keep their order, however long each takes to be compressed and inflated")
  func order() async throws {
    try await withLoopback([CompressingService()]) { channel, _, _ in
      let messages = (0..<30).map { index in
        let line = "line \(index) "
        return ByteBuffer(string: String(repeating: line, count: [1, 5000, 100_000, 20][index % 4]))
      }
      let options = CallOptions(metadata: ["compression": "gzip"], compression: .gzip)
      for method in [CompressingService.chat, CompressingService.elsewhere, CompressingService.handler] {
        let call = channel.call(method, options: options, (ByteBuffer.self, ByteBuffer.self))
        async let sent: Void = {
          for message in messages { try await call.send(message) }
          call.finish()
        }()
        var answers: [ByteBuffer] = []
        for try await answer in call.messages { answers.append(answer) }
        try await sent
        #expect(answers == messages)
      }
    }
  }

  @Test("A large message leaves the event loop to be inflated, a small one does not")
  func leavesTheLoop() async throws {
    try await withLoopback([CompressingService()]) { channel, _, _ in
      for (count, onLoop) in [(1_000, true), (2_000_000, false)] {
        for method in [
          CompressingService.whereabouts, CompressingService.whereaboutsOfMany,
          CompressingService.whereaboutsBelow,
        ] {
          let call = channel.call(
            method, options: CallOptions(compression: .gzip), (ByteBuffer.self, ByteBuffer.self))
          try await call.send(ByteBuffer(repeating: 0, count: count))
          call.finish()
          var answer: ByteBuffer?
          for try await message in call.messages { answer = message }
          #expect(answer.map { String(buffer: $0) } == "\(onLoop)")
        }
      }
    }
  }

  @Test("What one handler does not want compressed is not, whatever the server's default is")
  func handlerOverrides() async throws {
    var configuration = RPCServer.Configuration()
    configuration.compression = .gzip
    try await withLoopback([CompressingService()], server: configuration) { channel, _, _ in
      let result = try await call(
        CompressingService.chat, [(zeros, true)], CallOptions(metadata: ["compression": "identity"]),
        on: channel)
      #expect(result.compressed == 0)
    }
  }

  @Test(
    "A message that was encoded once is compressed on the streams that use its compression, and on no other")
  func framed() async throws {
    try await withLoopback([CompressingService()]) { channel, _, _ in
      for (wanted, compressed) in [("gzip", 1), ("deflate", 0), ("identity", 0)] {
        let result = try await call(
          CompressingService.framed, [(zeros, true)], CallOptions(metadata: ["compression": wanted]),
          on: channel)
        #expect(result.answers == [zeros])
        #expect(result.compressed == compressed)
      }
    }
  }

  @Test("A response that is over the limit only when it is inflated is RESOURCE_EXHAUSTED at the client")
  func clientLimit() async throws {
    var configuration = RPCChannel.Configuration()
    configuration.maxMessageBytes = zeros.readableBytes - 1
    try await withLoopback([CompressingService()], channel: configuration) { channel, _, _ in
      let error = try await rpcError {
        try await channel.unary(
          CompressingService.unary, zeros,
          options: CallOptions(metadata: ["compression": "gzip"], compression: .gzip)) as ByteBuffer
      }
      #expect(error?.code == .resourceExhausted)
    }
  }

  @Test(
    "A request that is over the limit only when it is inflated is RESOURCE_EXHAUSTED, however it is handled",
    arguments: [CompressingService.unary, CompressingService.chat, CompressingService.handler],
    [1_000, 2_000_000])
  func serverLimit(method: MethodDescriptor, limit: Int) async throws {
    var configuration = RPCServer.Configuration()
    configuration.maxMessageBytes = limit
    let zeros = ByteBuffer(repeating: 0, count: limit + 1)
    try await withLoopback([CompressingService()], server: configuration) { channel, _, _ in
      let error = try await rpcError {
        try await call(method, [(zeros, true)], CallOptions(compression: .gzip), on: channel)
      }
      #expect(error?.code == .resourceExhausted)
    }
  }
}

/// Echoes, compressed with what the request's metadata names; says in the end how many requests came compressed.
private struct CompressingService: RPCService {
  static let name = "test.Compression"
  static let unary = MethodDescriptor(service: name, method: "Unary", kind: .unary)
  static let collect = MethodDescriptor(service: name, method: "Collect", kind: .clientStreaming)
  static let chat = MethodDescriptor(service: name, method: "Chat", kind: .bidirectional)
  static let elsewhere = MethodDescriptor(service: name, method: "Elsewhere", kind: .bidirectional)
  static let handler = MethodDescriptor(service: name, method: "Handler", kind: .bidirectional)
  static let whereabouts = MethodDescriptor(service: name, method: "Whereabouts", kind: .unary)
  static let whereaboutsOfMany = MethodDescriptor(
    service: name, method: "WhereaboutsOfMany", kind: .clientStreaming)
  static let whereaboutsBelow = MethodDescriptor(
    service: name, method: "WhereaboutsBelow", kind: .bidirectional)
  static let framed = MethodDescriptor(service: name, method: "Framed", kind: .bidirectional)

  func register(with router: inout RPCRouter) {
    router.unary(Self.unary) { (request: ByteBuffer, context) in
      choose(context)
      return request
    }
    router.clientStreaming(Self.collect) { (requests: RequestStream<ByteBuffer>, context) in
      choose(context)
      var all = ByteBuffer()
      for try await request in requests { all.writeImmutableBuffer(request) }
      return all
    }
    router.bidirectional(Self.chat) { (requests: RequestStream<ByteBuffer>, responses, context) in
      choose(context)
      for try await request in requests { try await send(request, responses) }
      context.setTrailingMetadata(["compressed": "\(context.compressedRequestCount)"])
    }
    // Answers from another thread than the connection's.
    router.bidirectional(Self.elsewhere) { (requests: RequestStream<ByteBuffer>, responses, context) in
      try await Task.detached {
        choose(context)
        for try await request in requests { try await send(request, responses) }
      }.value
    }
    router.unary(Self.whereabouts) { (request: Whereabouts, _) in
      ByteBuffer(string: "\(request.decodedOnLoop)")
    }
    router.clientStreaming(Self.whereaboutsOfMany) { (requests: RequestStream<Whereabouts>, _) in
      var answer = ByteBuffer()
      for try await request in requests { answer = ByteBuffer(string: "\(request.decodedOnLoop)") }
      return answer
    }
    router.stream(Self.whereaboutsBelow) { (stream: ServerStream<ByteBuffer>, _) in
      WhereaboutsHandler(stream)
    }
    router.stream(Self.handler) { (stream: ServerStream<ByteBuffer>, context) in
      choose(context)
      return EchoingHandler(stream, framed: false)
    }
    router.stream(Self.framed) { (stream: ServerStream<ByteBuffer>, context) in
      choose(context)
      return EchoingHandler(stream, framed: true)
    }
  }
}

/// A message that knows where it was decoded.
private struct Whereabouts: RPCMessage {
  let decodedOnLoop: Bool

  init(serialized bytes: UnsafeRawBufferPointer) throws {
    decodedOnLoop = MultiThreadedEventLoopGroup.currentEventLoop != nil
  }

  func serialize(into buffer: inout ByteBuffer) throws {}
}

private final class WhereaboutsHandler: StreamHandler {
  typealias Inbound = Whereabouts
  typealias Outbound = ByteBuffer
  private let stream: ServerStream<ByteBuffer>

  init(_ stream: ServerStream<ByteBuffer>) { self.stream = stream }

  func received(_ message: Whereabouts) { stream.send(ByteBuffer(string: "\(message.decodedOnLoop)")) }
  func inboundEnded() { stream.close() }
  func writable() {}
  func closed(_ status: RPCError) {}
}

private func choose(_ context: ServerContext) {
  guard let name = context.metadata.string(for: "compression") else { return }
  context.setCompression([CompressionAlgorithm.gzip, .deflate].first { $0.name == name } ?? .identity)
}

private func send(_ message: ByteBuffer, _ responses: ResponseWriter<ByteBuffer>) async throws {
  try await responses.send(message, compress: !String(buffer: message).hasPrefix("as it is"))
}

private final class EchoingHandler: StreamHandler {
  typealias Inbound = ByteBuffer
  typealias Outbound = ByteBuffer
  private let stream: ServerStream<ByteBuffer>
  private let framed: Bool

  init(_ stream: ServerStream<ByteBuffer>, framed: Bool) {
    self.stream = stream
    self.framed = framed
  }

  func received(_ message: ByteBuffer) {
    if framed {
      stream.send(framed: try! FramedMessage(message, compression: .gzip))
    } else {
      stream.send(message, compress: !String(buffer: message).hasPrefix("as it is"))
    }
  }
  func inboundEnded() { stream.close() }
  func writable() {}
  func closed(_ status: RPCError) {}
}
