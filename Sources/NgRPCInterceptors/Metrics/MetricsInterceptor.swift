import CoreMetrics
import NgRPC

/// Measures calls, at a server or at a channel, with swift-metrics.
///
/// ```swift
/// RPCServer(services: services, interceptors: [MetricsInterceptor()], logger: logger)
/// ```
///
/// | metric, at a server (`grpc.client…` at a channel) | kind | counts |
/// | --- | --- | --- |
/// | `grpc.server.call.started` | counter | calls that have come |
/// | `grpc.server.call.in_flight` | meter | calls that have come and not ended |
/// | `grpc.server.call.duration` | timer | from a call's coming to its end |
/// | `grpc.server.call.sent_total_compressed_message_size` | recorder | bytes of all messages that a call has sent |
/// | `grpc.server.call.rcvd_total_compressed_message_size` | recorder | bytes of all messages that a call has received |
///
/// All have the dimension `grpc.method` (`service/method`), those of a call's end `grpc.status` (such as `NOT_FOUND`) too.
/// A method that the server does not have is `other`, and so is each one after the first `methodLimit`: no client makes
/// metrics without end. The metrics of a method and a status are made when they are first needed, and then reused.
public final class MetricsInterceptor: ServerInterceptor, ClientInterceptor {
  private let server: MethodTable<MethodMetrics>
  private let client: MethodTable<MethodMetrics>
  private let others: (server: MethodMetrics, client: MethodMetrics)

  /// - Parameters:
  ///   - factory: where the metrics are made; what the process has bootstrapped by default.
  ///   - methodLimit: how many methods have metrics of their own. 500 by default.
  public init(factory: (any MetricsFactory)? = nil, methodLimit: Int = 500) {
    let factory = factory ?? MetricsSystem.factory
    server = MethodTable(limit: methodLimit) { .init(.server, method: $0.dimension, factory: factory) }
    client = MethodTable(limit: methodLimit) { .init(.client, method: $0.dimension, factory: factory) }
    others = (
      MethodMetrics(.server, method: "other", factory: factory),
      MethodMetrics(.client, method: "other", factory: factory)
    )
  }

  public func intercept(_ call: inout ServerContext) -> ServerInterception {
    let metrics = call.isRegistered ? server[call.method] : nil
    return ServerInterception(observer: CallMeter(metrics ?? others.server))
  }

  public func intercept(_ call: inout ClientContext) -> sending ClientInterception {
    ClientInterception(observer: CallMeter(client[call.method] ?? others.client))
  }
}

/// Measures one call.
private final class CallMeter: ServerCallObserver, ClientCallObserver {
  private let metrics: MethodMetrics
  private var sentBytes = 0
  private var receivedBytes = 0

  init(_ metrics: MethodMetrics) {
    self.metrics = metrics
    metrics.started.increment()
    metrics.inFlight.increment()
  }

  func received(_ message: MessageSize) { receivedBytes += message.wireBytes }
  func sent(_ message: MessageSize) { sentBytes += message.wireBytes }

  func ended(_ status: RPCError, after duration: Duration) {
    metrics.inFlight.decrement()
    let outcome = metrics.outcome(status.code)
    let (seconds, attoseconds) = duration.components
    outcome.duration.recordNanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    outcome.sent.record(sentBytes)
    outcome.received.record(receivedBytes)
  }
}

extension MethodDescriptor {
  fileprivate var dimension: String { "\(service)/\(method)" }
}
