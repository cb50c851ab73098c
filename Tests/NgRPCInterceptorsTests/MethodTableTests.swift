import CoreMetrics
import NgRPC
import Synchronization
import Testing

@testable import NgRPCInterceptors

@Suite("Metrics made once")
struct MethodTableTests {
  private final class Value: Sendable {}

  @Test("Every thread finds the same value for a method, and the table does not outgrow its limit")
  func threads() async {
    let table = MethodTable<Value>(limit: 100) { _ in Value() }
    let methods = (0..<1000).map { MethodDescriptor(service: "s", method: "\($0)", kind: .unary) }
    let views = await withTaskGroup(of: [ObjectIdentifier?].self) { group in
      for _ in 0..<8 { group.addTask { methods.map { table[$0].map { ObjectIdentifier($0) } } } }
      var views: [[ObjectIdentifier?]] = []
      for await view in group { views.append(view) }
      return views
    }
    let final = methods.map { table[$0].map { ObjectIdentifier($0) } }
    #expect((100...107).contains(final.compactMap(\.self).count))
    for view in views {
      for (seen, last) in zip(view, final) where seen != nil { #expect(seen == last) }
    }
  }

  @Test("Calls make no metrics once there are those of their method and status")
  func perCall() async throws {
    let factory = CountingFactory()
    let interceptor = MetricsInterceptor(factory: factory)
    try await withLoopback(server: [interceptor], channel: [interceptor]) { channel, _ in
      try await channel.expect(.ok, of: EchoService.chat)
      let count = factory.made.load(ordering: .relaxed)
      for _ in 0..<100 { try await channel.expect(.ok, of: EchoService.chat) }
      #expect(factory.made.load(ordering: .relaxed) == count)
    }
  }
}

private final class CountingFactory: MetricsFactory {
  let made = Atomic(0)
  private let base = NOOPMetricsHandler.instance

  private func count() { made.add(1, ordering: .relaxed) }

  func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    count()
    return base.makeCounter(label: label, dimensions: dimensions)
  }

  func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    count()
    return base.makeMeter(label: label, dimensions: dimensions)
  }

  func makeRecorder(label: String, dimensions: [(String, String)], aggregate: Bool) -> any RecorderHandler {
    count()
    return base.makeRecorder(label: label, dimensions: dimensions, aggregate: aggregate)
  }

  func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    count()
    return base.makeTimer(label: label, dimensions: dimensions)
  }

  func destroyCounter(_ handler: any CounterHandler) {}
  func destroyMeter(_ handler: any MeterHandler) {}
  func destroyRecorder(_ handler: any RecorderHandler) {}
  func destroyTimer(_ handler: any TimerHandler) {}
}
