import InMemoryTracing
import NIOCore
import NgRPC
import NgRPCInterceptors
import Testing
import Tracing

@Suite("Tracing of calls", .timeLimit(.minutes(1)))
struct TracingInterceptorTests {
  @Test("Server and client have one trace, and what a handler starts is within", arguments: EchoService.every)
  func oneTrace(method: MethodDescriptor) async throws {
    let tracer = InMemoryTracer()
    let interceptor = TracingInterceptor(tracer: tracer)
    let service = EchoService(
      began: { _ in tracer.withSpan("nested") { _ in } },
      made: { call in tracer.startSpan("nested", context: call.serviceContext ?? .topLevel).end() })
    try await withLoopback(service, server: [interceptor], channel: [interceptor]) { channel, _ in
      try await tracer.withSpan("caller") { _ in _ = try await channel.exchange(method) }
    }
    let spans = tracer.finishedSpans
    let caller = try #require(spans.first { $0.operationName == "caller" })
    let client = try #require(spans.first { $0.kind == .client })
    let server = try #require(spans.first { $0.kind == .server })
    let nested = try #require(spans.first { $0.operationName == "nested" })
    #expect(spans.count == 4)
    #expect(client.parentSpanID == caller.spanID)
    #expect(server.parentSpanID == client.spanID)
    #expect(nested.parentSpanID == server.spanID)
    #expect(Set(spans.map(\.traceID)).count == 1)
    for span in [client, server] {
      #expect(span.operationName == "test.Echo/\(method.method)")
      #expect(span.attributes["rpc.system"]?.toSpanAttribute() == "grpc")
      #expect(span.attributes["rpc.service"]?.toSpanAttribute() == "test.Echo")
      #expect(span.attributes["rpc.method"]?.toSpanAttribute() == .string(method.method))
      #expect(span.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == 0)
      #expect(span.attributes["network.peer.address"]?.toSpanAttribute() == "127.0.0.1")
      #expect(span.status == nil)
    }
  }

  @Test("An error is one of the client's span, and of the server's only when the server has failed")
  func errors() async throws {
    for (code, isFault) in [(StatusCode.notFound, false), (.internalError, true)] {
      let tracer = InMemoryTracer()
      let interceptor = TracingInterceptor(tracer: tracer)
      let service = EchoService(began: { _ in throw RPCError(code: code, message: "Sorry.") })
      try await withLoopback(service, server: [interceptor], channel: [interceptor]) { channel, _ in
        _ = try await channel.exchange(EchoService.unary)
      }
      let client = try #require(tracer.finishedSpans.first { $0.kind == .client })
      let server = try #require(tracer.finishedSpans.first { $0.kind == .server })
      #expect(client.status == SpanStatus(code: .error, message: "Sorry."))
      #expect(client.errors.count == 1)
      #expect((server.status != nil) == isFault)
      #expect(server.errors.count == (isFault ? 1 : 0))
      #expect(
        server.attributes["rpc.grpc.status_code"]?.toSpanAttribute() == .int64(Int64(code.rawValue)))
    }
  }

  @Test("Messages are events when that is asked for")
  func messages() async throws {
    let tracer = InMemoryTracer()
    try await withLoopback(server: [TracingInterceptor(tracer: tracer, tracesMessages: true)]) { channel, _ in
      _ = try await channel.exchange(EchoService.expand, "abc")
    }
    let span = try #require(tracer.finishedSpans.first)
    #expect(
      span.events.compactMap { $0.attributes["rpc.message.type"]?.toSpanAttribute() } == [
        "RECEIVED", "SENT", "SENT", "SENT",
      ])
  }

  @Test("W3C trace context passes through a server to those that its handlers call")
  func propagation() async throws {
    let seen = Journal<Metadata>()
    let interceptor = TracingInterceptor(tracer: NoOpTracer(), instrument: W3CTracePropagator())
    try await withLoopback(
      EchoService(began: { seen.append($0.metadata) }), server: [], channel: [interceptor]
    ) { backend, _ in
      let front = EchoService(began: { _ in _ = try await backend.exchange(EchoService.unary) })
      try await withLoopback(front, server: [interceptor]) { channel, _ in
        var metadata: Metadata = [
          "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "tracestate": "a=1",
        ]
        metadata.add("b=2", for: "tracestate")
        _ = try await channel.exchange(EchoService.chat, options: CallOptions(metadata: metadata))
      }
    }
    let metadata = try #require(seen.entries.first)
    #expect(
      metadata.strings(for: "traceparent") == ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"])
    #expect(metadata.strings(for: "tracestate") == ["a=1,b=2"])
  }
}
