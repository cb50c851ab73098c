import NIOCore
@testable import NgRPC
import TestSupport
import Testing

@Suite("Calls that are made again", .timeLimit(.minutes(1)))
struct RetryTests {
  private static let message = ByteBuffer(string: "ok")

  private func run<Result>(
    _ policy: RetryPolicy?, throttling: RetryThrottling? = nil, maxConcurrentStreams: UInt32 = 100,
    _ script: @escaping @Sendable (ScriptedServer.Request) -> ScriptedServer.Answer,
    configure: (inout RPCChannel.Configuration) -> Void = { _ in },
    _ body: (RPCChannel, ScriptedServer) async throws -> Result
  ) async throws -> Result {
    let server = ScriptedServer(maxConcurrentStreams: maxConcurrentStreams, script)
    let endpoint = try await server.start()
    let result = try await withChannel(to: [endpoint]) {
      if let policy { $0.serviceConfig.methods[.all] = MethodConfig(retryPolicy: policy) }
      $0.serviceConfig.retryThrottling = throttling
      configure(&$0)
    } _: {
      try await body($0, server)
    }
    try await server.stop()
    return result
  }

  private let policy = RetryPolicy(
    maxAttempts: 3, initialBackoff: .milliseconds(5), maxBackoff: .milliseconds(20), backoffMultiplier: 2,
    retryableStatusCodes: [.unavailable])

  @Test("A refused call is made again, once, without anybody asking for it")
  func refused() async throws {
    try await run(nil) {
      $0.number == 0 ? .reset(.refusedStream) : .message(Self.message)
    } _: { channel, server async throws in
      #expect(try await channel.echo() == "ok")
      #expect(server.requests.count == 2)
      // Such a retry is no attempt that the server is told of.
      #expect(server.requests[1].metadata.string(for: "grpc-previous-rpc-attempts") == nil)
    }
    try await run(nil) { _ in
      .reset(.refusedStream)
    } _: { channel, server async throws in
      #expect(try await channel.echoError()?.code == .unavailable)
      #expect(server.requests.count == 2)
    }
  }

  @Test("A call that is handled below async is made again, too, with all that it sent")
  func handler() async throws {
    try await run(nil) {
      $0.number == 0 ? .reset(.refusedStream) : .message(Self.message)
    } _: { channel, server async throws in
      let (events, continuation) = AsyncStream.makeStream(of: String.self)
      channel.stream(EchoService.chat) { stream -> Recorder in
        stream.send(ByteBuffer(string: "one"))
        stream.finish()
        return Recorder(continuation)
      }
      var seen: [String] = []
      for await event in events { seen.append(event) }
      #expect(seen == ["ok", "OK"])
      #expect(server.requests.count == 2)
    }
  }

  @Test("Calls above a GOAWAY's last stream go to a new connection, those below it finish")
  func goAway() async throws {
    try await run(nil) { request in
      switch request.number {
      case 0: .nothing
      case 1: .goAway(last: 1)
      default: .message(ByteBuffer(string: "connection \(request.connection)"))
      }
    } _: { channel, server async throws in
      async let below = channel.echo()
      try await eventually("the first call is there") { server.requests.count == 1 }
      #expect(try await channel.echo() == "connection 1")
      server.answer(server.requests[0], with: .message(ByteBuffer(string: "below")))
      #expect(try await below == "below")
    }
  }

  @Test("A policy's retries go on until one succeeds, and both ends are told of the attempts before")
  func thirdAttempt() async throws {
    try await run(policy) {
      $0.number < 2 ? .status(.unavailable) : .message(Self.message)
    } _: { channel, server async throws in
      let call = channel.call(EchoService.unary, (ByteBuffer.self, ByteBuffer.self))
      try await call.send(ByteBuffer(string: "request"))
      call.finish()
      var answers: [ByteBuffer] = []
      for try await answer in call.messages { answers.append(answer) }
      #expect(answers == [Self.message])
      #expect(try await call.initialMetadata().string(for: "grpc-previous-rpc-attempts") == "2")
      #expect(
        server.requests.map { $0.metadata.string(for: "grpc-previous-rpc-attempts") } == [nil, "1", "2"])
    }
  }

  @Test("A policy's attempts have an end, and the last one's status is the call's")
  func exhausted() async throws {
    try await run(policy) { _ in
      .status(.unavailable, ["why": "busy"])
    } _: { channel, server async throws in
      let error = try await channel.echoError()
      #expect(error?.code == .unavailable)
      #expect(error?.metadata.string(for: "why") == "busy")
      #expect(error?.metadata.string(for: "grpc-previous-rpc-attempts") == "2")
      #expect(server.requests.count == 3)
    }
  }

  @Test("A response that has begun commits the call")
  func committed() async throws {
    try await run(policy) { _ in
      .headersAndStatus(.unavailable)
    } _: { channel, server async throws in
      #expect(try await channel.echoError()?.code == .unavailable)
      #expect(server.requests.count == 1)
    }
  }

  @Test("A call that sent more than the buffer holds is not made again")
  func buffer() async throws {
    for (perCall, all) in [(100, 1 << 20), (1 << 20, 100)] {
      try await run(policy) { _ in
        .status(.unavailable)
      } configure: {
        $0.perCallRetryBufferBytes = perCall
        $0.retryBufferBytes = all
      } _: { channel, server async throws in
        let large = String(repeating: "x", count: 200)
        #expect(try await channel.echoError(large)?.code == .unavailable)
        #expect(server.requests.count == 1)
        // The room is given back.
        #expect(try await channel.echoError("small")?.code == .unavailable)
        #expect(server.requests.count == 4)
      }
    }
  }

  @Test("The server's pushback delays a retry, or forbids it")
  func pushback() async throws {
    var patient = policy
    patient.initialBackoff = .seconds(3600)
    patient.maxBackoff = .seconds(3600)
    try await run(patient) {
      $0.number == 0 ? .status(.unavailable, ["grpc-retry-pushback-ms": "1"]) : .message(Self.message)
    } _: { channel, server async throws in
      #expect(try await channel.echo() == "ok")
      #expect(server.requests.count == 2)
    }
    try await run(policy) { _ in
      .status(.unavailable, ["grpc-retry-pushback-ms": "-1"])
    } _: { channel, server async throws in
      #expect(try await channel.echoError()?.code == .unavailable)
      #expect(server.requests.count == 1)
    }
  }

  @Test("A handler's pushback travels")
  func pushbackOfHandler() async throws {
    try await withLoopback([PushbackService()]) { channel, _, _ in
      let error = try await rpcError {
        try await channel.unary(PushbackService.method, ByteBuffer()) as ByteBuffer
      }
      #expect(error?.metadata.string(for: "grpc-retry-pushback-ms") == "250")
    }
  }

  @Test("While most calls fail retries are held back")
  func throttling() async throws {
    try await run(policy, throttling: RetryThrottling(maxTokens: 4, tokenRatio: 0.1)) { _ in
      .status(.unavailable)
    } _: { channel, server async throws in
      for _ in 0..<3 { #expect(try await channel.echoError()?.code == .unavailable) }
      // One retry took the tokens to half; every later call has its one attempt.
      #expect(server.requests.count == 4)
    }
  }

  @Test("The deadline spans all attempts, and a call that waits for its next is cancelled at once")
  func deadline() async throws {
    var patient = policy
    patient.initialBackoff = .seconds(3600)
    patient.maxBackoff = .seconds(3600)
    try await run(patient) { _ in
      .status(.unavailable)
    } _: { channel, server async throws in
      channel.connect()
      for await state in channel.states where state == .ready { break }
      let late = try await rpcError {
        try await channel.echo(options: CallOptions(timeout: .seconds(1)))
      }
      #expect(late?.code == .deadlineExceeded)
      #expect(server.requests.count == 1)
      let call = channel.call(EchoService.unary, (ByteBuffer.self, ByteBuffer.self))
      call.finish()
      try await eventually("the attempt is over") { server.requests.count == 2 }
      call.cancel()
      #expect(try await call.status().code == .cancelled)
    }
  }

  @Test("A call that waits for its next attempt ends with its channel")
  func shutdown() async throws {
    var patient = policy
    patient.initialBackoff = .seconds(3600)
    patient.maxBackoff = .seconds(3600)
    let call = try await run(patient) { _ in
      .status(.unavailable)
    } _: { channel, server async throws in
      let call = channel.call(EchoService.unary, (ByteBuffer.self, ByteBuffer.self))
      call.finish()
      try await eventually("the attempt is made") { server.requests.count == 1 }
      return call
    }
    #expect(try await call.status().code == .unavailable)
  }

  @Test("A lost connection is a status like others: with a policy the call is made again")
  func lostConnection() async throws {
    try await run(policy) {
      $0.number == 0 ? .close : .message(Self.message)
    } _: { channel, server async throws in
      #expect(try await channel.echo() == "ok")
      #expect(server.connectionCount == 2)
    }
    try await run(nil) { _ in
      .close
    } _: { channel, server async throws in
      #expect(try await channel.echoError()?.code == .unavailable)
      #expect(server.requests.count == 1)
    }
  }

  @Test("A method's configuration bounds its messages and its time")
  func methodConfig() async throws {
    try await run(nil) { _ in
      .nothing
    } configure: {
      $0.serviceConfig.methods[.service("test.Echo")] = MethodConfig(
        timeout: .milliseconds(50), maxRequestMessageBytes: 10)
    } _: { channel, server async throws in
      let large = try await channel.echoError("more than ten")
      #expect(large?.code == .resourceExhausted)
      #expect(large?.message.contains("13 bytes") == true, "\(large?.message ?? "")")
      let late = try await rpcError {
        try await channel.echo("ten", options: CallOptions(timeout: .seconds(60)))
      }
      #expect(late?.code == .deadlineExceeded, "\(late?.message ?? "")")
    }
  }
}

private final class Recorder: StreamHandler {
  typealias Inbound = ByteBuffer
  typealias Outbound = ByteBuffer

  private let events: AsyncStream<String>.Continuation

  init(_ events: AsyncStream<String>.Continuation) { self.events = events }

  func received(_ message: ByteBuffer) { events.yield(String(buffer: message)) }
  func inboundEnded() {}
  func writable() {}
  func closed(_ status: RPCError) {
    events.yield("\(status.code)")
    events.finish()
  }
}

private struct PushbackService: RPCService {
  static let method = MethodDescriptor(service: "test.Pushback", method: "Push", kind: .unary)

  func register(with router: inout RPCRouter) {
    router.unary(Self.method) { (_: ByteBuffer, _) -> ByteBuffer in
      throw RPCError(
        code: .unavailable, message: "later", metadata: ["grpc-retry-pushback-ms": "250"])
    }
  }
}
