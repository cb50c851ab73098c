import NIOCore
import NgRPC
import Testing

@Suite("Calls over loopback", .timeLimit(.minutes(1)))
struct CallTests {
  @Test("A unary call brings its answer")
  func unary() async throws {
    try await withLoopback { channel, _, _ in
      for size in [0, 1, 100, 65_531, 70_000, 4 * 1024 * 1024] {
        let request = ByteBuffer(repeating: 7, count: size)
        let response: ByteBuffer = try await channel.unary(EchoService.unary, request)
        #expect(response == request)
      }
    }
  }

  @Test("A thousand calls at once are each answered with their own request")
  func concurrentUnary() async throws {
    try await withLoopback { channel, _, _ in
      try await withThrowingTaskGroup(of: Void.self) { group in
        for number in 0..<1000 {
          group.addTask {
            let response: ByteBuffer = try await channel.unary(EchoService.unary, ByteBuffer(integer: number))
            #expect(response == ByteBuffer(integer: number))
          }
        }
        try await group.waitForAll()
      }
    }
  }

  @Test("A server-streaming call brings its answers in order")
  func serverStreaming() async throws {
    try await withLoopback { channel, _, _ in
      let call = channel.call(EchoService.expand, (ByteBuffer.self, ByteBuffer.self))
      try await call.send(ByteBuffer(bytes: 0..<200))
      call.finish()
      var bytes: [UInt8] = []
      for try await message in call.messages { bytes += message.readableBytesView }
      #expect(bytes == Array(0..<200))
    }
  }

  @Test("A client-streaming call takes all requests")
  func clientStreaming() async throws {
    try await withLoopback { channel, _, _ in
      let call = channel.call(EchoService.collect, (ByteBuffer.self, ByteBuffer.self))
      for byte in 0..<UInt8(100) { try await call.send(ByteBuffer(bytes: [byte])) }
      call.finish()
      var responses: [ByteBuffer] = []
      for try await message in call.messages { responses.append(message) }
      #expect(responses == [ByteBuffer(bytes: 0..<100)])
    }
  }

  @Test("A bidirectional call goes to and fro", arguments: [EchoService.chat, EchoService.handler])
  func bidirectional(method: MethodDescriptor) async throws {
    try await withLoopback { channel, _, _ in
      let call = channel.call(method, (ByteBuffer.self, ByteBuffer.self))
      var responses = call.messages.makeAsyncIterator()
      for size in [0, 1, 5000, 300_000, 3] {
        let message = ByteBuffer(repeating: 3, count: size)
        try await call.send(message)
        #expect(try await responses.next() == message)
      }
      call.finish()
      #expect(try await responses.next() == nil)
      #expect(try await call.status().code == .ok)
    }
  }

  @Test("A handler's error reaches the client with its code, message and metadata")
  func status() async throws {
    try await withLoopback { channel, _, _ in
      for code in UInt8(1)...16 {
        let error = try await rpcError {
          try await channel.unary(EchoService.fail, ByteBuffer(bytes: [code])) as ByteBuffer
        }
        #expect(error?.code.rawValue == code)
        #expect(error?.message == "50% ärger\n")
        #expect(error?.metadata.string(for: "reason") == "asked-for")
      }
    }
  }

  @Test("Metadata travels both ways, text and bytes, duplicates in order")
  func metadata() async throws {
    try await withLoopback { channel, _, _ in
      var sent = Metadata()
      sent.add("one", for: "x-echo")
      sent.add("two, three", for: "x-echo")
      sent.add(binary: [0, 255, 10], for: "x-echo-bin")
      sent.add(binary: [], for: "x-echo-bin")
      let call = channel.call(
        EchoService.metadata, options: CallOptions(metadata: sent), (ByteBuffer.self, ByteBuffer.self))
      try await call.send(ByteBuffer())
      call.finish()
      for try await _ in call.messages {}
      #expect(try await call.initialMetadata() == sent)
      #expect(try await call.status().metadata == sent)
    }
  }

  @Test("Metadata that may not travel fails the call and names the key")
  func badMetadata() async throws {
    try await withLoopback { channel, _, _ in
      for (key, value) in [
        ("Upper", "x"), ("grpc-mine", "x"), ("x", "new\nline"), ("", "x"), ("x-bin", "text"),
      ] {
        let error = try await rpcError {
          try await channel.unary(
            EchoService.unary, ByteBuffer(), options: CallOptions(metadata: [key: value]))
            as ByteBuffer
        }
        #expect(error?.code == .internalError)
        #expect(error?.message.contains("\"\(key)\"") == true)
      }
    }
  }

  @Test("An unknown method and an unknown service are UNIMPLEMENTED")
  func unknown() async throws {
    try await withLoopback { channel, _, _ in
      for (service, method) in [("test.Echo", "Nothing"), ("test.Nobody", "Unary")] {
        let descriptor = MethodDescriptor(service: service, method: method, kind: .unary)
        let error = try await rpcError { try await channel.unary(descriptor, ByteBuffer()) as ByteBuffer }
        #expect(error?.code == .unimplemented)
      }
    }
  }

  @Test("A call past its deadline ends on both sides")
  func deadline() async throws {
    let service = EchoService()
    try await withLoopback([service]) { channel, _, _ in
      var hasBegun = false
      // On a busy machine the time can pass before the call has begun.
      while !hasBegun {
        let call = channel.call(
          EchoService.hang, options: CallOptions(timeout: .seconds(1)), (ByteBuffer.self, ByteBuffer.self))
        var responses = call.messages.makeAsyncIterator()
        let error = try await rpcError {
          while try await responses.next() != nil { hasBegun = true }
        }
        #expect(error?.code == .deadlineExceeded)
      }
      for await _ in service.hangs { break }
    }
  }

  @Test("Cancelling a call cancels its handler")
  func cancellation() async throws {
    let service = EchoService()
    try await withLoopback([service]) { channel, _, _ in
      let call = channel.call(EchoService.hang, (ByteBuffer.self, ByteBuffer.self))
      var responses = call.messages.makeAsyncIterator()
      #expect(try await responses.next() == ByteBuffer())
      call.cancel()
      let error = try await rpcError { try await responses.next() }
      #expect(error?.code == .cancelled)
      for await _ in service.hangs { break }
    }
  }

  @Test("Cancelling the caller's task ends its unary call")
  func cancelledTask() async throws {
    try await withLoopback { channel, _, _ in
      let task = Task { try await channel.unary(EchoService.hang, ByteBuffer()) as ByteBuffer }
      task.cancel()
      let error = try await rpcError { try await task.value }
      #expect(error?.code == .cancelled)
    }
  }

  @Test(
    "A task that is cancelled before or while it reads gets out, and the stream goes on for the next reader")
  func cancelledReaders() async throws {
    try await withLoopback { channel, _, _ in
      let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      for _ in 0..<50 {
        let reader = Task { for try await _ in call.messages {} }
        reader.cancel()
        let error = try await rpcError { try await reader.value }
        #expect(error?.code == .cancelled)
      }
      try await call.send(ByteBuffer(string: "still here"))
      var responses = call.messages.makeAsyncIterator()
      #expect(try await responses.next() == ByteBuffer(string: "still here"))
      call.cancel()
    }
  }

  @Test("A task that is cancelled while it waits for room gets out")
  func cancelledSender() async throws {
    try await withLoopback { channel, _, _ in
      let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      let sender = Task { while true { try await call.send(ByteBuffer(repeating: 0, count: 100_000)) } }
      // The sender runs into the windows, since nobody reads.
      for _ in 0..<20 { let _: ByteBuffer = try await channel.unary(EchoService.unary, ByteBuffer()) }
      sender.cancel()
      let error = try await rpcError { try await sender.value }
      #expect(error?.code == .cancelled)
      call.cancel()
    }
  }

  @Test("A handler's bad metadata ends its call with an error that names the key")
  func badMetadataOfHandler() async throws {
    try await withLoopback([BadMetadataService()]) { channel, _, _ in
      let error = try await rpcError {
        try await channel.unary(BadMetadataService.method, ByteBuffer()) as ByteBuffer
      }
      #expect(error?.code == .internalError)
      #expect(error?.message.contains("\"Bad Key\"") == true)
    }
  }

  @Test("A status too large for a block of headers ends its call all the same")
  func largeStatus() async throws {
    try await withLoopback([BadMetadataService()]) { channel, _, _ in
      let error = try await rpcError {
        try await channel.unary(BadMetadataService.large, ByteBuffer()) as ByteBuffer
      }
      #expect(error != nil)
    }
  }

  @Test("A message over the limit is refused on either side, and the connection lives on")
  func messageLimit() async throws {
    var server = RPCServer.Configuration()
    server.maxMessageBytes = 1000
    var client = RPCChannel.Configuration()
    client.maxMessageBytes = 500
    try await withLoopback(server: server, channel: client) { channel, _, _ in
      for size in [1001, 1_000_000, 501] {
        let error = try await rpcError {
          try await channel.unary(EchoService.unary, ByteBuffer(repeating: 0, count: size)) as ByteBuffer
        }
        #expect(error?.code == .resourceExhausted, "\(size) bytes")
      }
      let response: ByteBuffer = try await channel.unary(
        EchoService.unary, ByteBuffer(repeating: 0, count: 500))
      #expect(response.readableBytes == 500)
    }
  }

  @Test("Calls fail as UNAVAILABLE when nobody listens, and wait when they are asked to")
  func unreachable() async throws {
    let server = RPCServer(services: [EchoService()], logger: quiet)
    let port = try await server.start(on: .hostAndPort("127.0.0.1", 0)).port!
    await server.shutdown(within: .zero)
    var configuration = RPCChannel.Configuration()
    configuration.backoff.initial = .milliseconds(20)
    let channel = RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: port)], configuration: configuration, logger: quiet)
    let error = try await rpcError { try await channel.unary(EchoService.unary, ByteBuffer()) as ByteBuffer }
    #expect(error?.code == .unavailable)
    #expect(error?.message.contains("127.0.0.1:\(port)") == true)
    async let patient: ByteBuffer = channel.unary(
      EchoService.unary, ByteBuffer(string: "hi"), options: CallOptions(waitForReady: true))
    let again = RPCServer(services: [EchoService()], logger: quiet)
    try await again.start(on: .hostAndPort("127.0.0.1", port))
    #expect(try await patient == ByteBuffer(string: "hi"))
    await channel.shutdown(within: .seconds(1))
    await again.shutdown(within: .seconds(1))
  }

  @Test("A graceful shutdown lets an open call finish and takes no new one")
  func gracefulShutdown() async throws {
    try await withLoopback { channel, server, endpoint in
      let call = channel.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      var responses = call.messages.makeAsyncIterator()
      try await call.send(ByteBuffer(string: "before"))
      #expect(try await responses.next() == ByteBuffer(string: "before"))
      async let shutdown: Void = server.shutdown(within: .seconds(20))
      for await state in channel.states where state != .ready { break }
      try await call.send(ByteBuffer(string: "during"))
      #expect(try await responses.next() == ByteBuffer(string: "during"))
      let late = try await rpcError { try await channel.unary(EchoService.unary, ByteBuffer()) as ByteBuffer }
      #expect(late?.code == .unavailable)
      call.finish()
      #expect(try await responses.next() == nil)
      #expect(try await call.status().code == .ok)
      await shutdown
      #expect(server.connectionCount == 0)
    }
  }
}

/// Does what a handler should not.
private struct BadMetadataService: RPCService {
  static let method = MethodDescriptor(service: "test.Bad", method: "Metadata", kind: .unary)
  static let large = MethodDescriptor(service: "test.Bad", method: "Large", kind: .unary)

  func register(with router: inout RPCRouter) {
    router.unary(Self.method) { (request: ByteBuffer, context) in
      context.setInitialMetadata(["Bad Key": "x"])
      return request
    }
    router.unary(Self.large) { (_: ByteBuffer, _) -> ByteBuffer in
      throw RPCError(code: .invalidArgument, message: String(repeating: "长", count: 10_000))
    }
  }
}
