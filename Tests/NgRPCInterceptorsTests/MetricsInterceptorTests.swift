import CoreMetrics
import MetricsTestKit
import NIOCore
import NgRPC
import NgRPCInterceptors
import Testing

@Suite("Metrics of calls", .timeLimit(.minutes(1)))
struct MetricsInterceptorTests {
  @Test("Calls of every kind are counted and measured at either side", arguments: EchoService.every)
  func everyKind(method: MethodDescriptor) async throws {
    let metrics = TestMetrics()
    let interceptor = MetricsInterceptor(factory: metrics)
    try await withLoopback(server: [interceptor], channel: [interceptor]) { channel, _ in
      for _ in 0..<3 { _ = try await channel.exchange(method, "x") }
    }
    let name = ("grpc.method", "test.Echo/\(method.method)")
    let ok = [name, ("grpc.status", "OK")]
    for side in ["server", "client"] {
      #expect(try metrics.expectCounter("grpc.\(side).call.started", [name]).totalValue == 3)
      #expect(try metrics.expectMeter("grpc.\(side).call.in_flight", [name]).values.last == 0)
      #expect(try metrics.expectTimer("grpc.\(side).call.duration", ok).values.count == 3)
      for way in ["sent", "rcvd"] {
        let sizes = try metrics.expectRecorder("grpc.\(side).call.\(way)_total_compressed_message_size", ok)
        #expect(sizes.values == [1, 1, 1])
      }
    }
  }

  @Test("A status has metrics of its own")
  func statuses() async throws {
    let metrics = TestMetrics()
    let service = EchoService(began: { _ in throw RPCError(code: .notFound, message: "") })
    try await withLoopback(service, server: [MetricsInterceptor(factory: metrics)]) { channel, _ in
      _ = try await channel.exchange(EchoService.chat)
    }
    let timer = try metrics.expectTimer(
      "grpc.server.call.duration", [("grpc.method", "test.Echo/Chat"), ("grpc.status", "NOT_FOUND")])
    #expect(timer.values.count == 1)
  }

  @Test("Clients can't make metrics without end")
  func cardinality() async throws {
    let metrics = TestMetrics()
    let interceptor = MetricsInterceptor(factory: metrics, methodLimit: 2)
    try await withLoopback(server: [interceptor], channel: [interceptor]) { channel, _ in
      for number in 0..<10 {
        _ = try await channel.exchange(
          MethodDescriptor(service: "made.Up", method: "\(number)", kind: .unary))
      }
    }
    let other = [("grpc.method", "other")]
    #expect(try metrics.expectCounter("grpc.server.call.started", other).totalValue == 10)
    #expect(try metrics.expectCounter("grpc.client.call.started", other).totalValue == 8)
    #expect(metrics.counters(label: "grpc.server.call.started").count == 1)
    #expect(metrics.counters(label: "grpc.client.call.started").count == 3)
  }

  @Test("A thousand cancelled calls of every kind leave nothing in flight")
  func cancelled() async throws {
    let metrics = TestMetrics()
    let limit = ConcurrencyLimitInterceptor(perPeer: nil)
    let ended = Journal<Void>()
    let interceptors: [any ServerInterceptor] = [
      EndInterceptor(ended: ended), MetricsInterceptor(factory: metrics), limit,
    ]
    let service = EchoService(began: { _ in try await Task.sleep(for: .seconds(3600)) })
    try await withLoopback(service, server: interceptors) { channel, _ in
      let calls = (0..<1000).map { number in
        channel.call(
          EchoService.every[number % EchoService.every.count], (ByteBuffer.self, ByteBuffer.self))
      }
      for call in calls { try await call.send(ByteBuffer(string: "x")) }
      // What is sent after them on the one connection comes after them.
      _ = try await channel.exchange(EchoService.stream)
      #expect(limit.inFlight == 1000)
      for call in calls { call.cancel() }
      try await ended.wait { $0.count == 1001 }
      #expect(limit.inFlight == 0)
      let started = EchoService.every.reduce(Int64(0)) { sum, method in
        let name = [("grpc.method", "test.Echo/\(method.method)")]
        #expect((try? metrics.expectMeter("grpc.server.call.in_flight", name).values.last) == 0)
        return sum + ((try? metrics.expectCounter("grpc.server.call.started", name).totalValue) ?? 0)
      }
      #expect(started == 1001)
    }
  }
}

/// Says when calls have ended, after the interceptors within.
private struct EndInterceptor: ServerInterceptor {
  let ended: Journal<Void>

  func intercept(_ call: inout ServerContext) -> ServerInterception {
    ServerInterception(observer: Observer(ended: ended))
  }

  private final class Observer: ServerCallObserver {
    private let ended: Journal<Void>

    init(ended: Journal<Void>) { self.ended = ended }

    func ended(_ status: RPCError, after duration: Duration) { ended.append(()) }
  }
}
