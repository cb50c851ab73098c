import NIOCore
import NgRPC
import Tracing

/// Makes a span of each call, at a server or at a channel, with swift-distributed-tracing.
///
/// ```swift
/// RPCServer(services: services, interceptors: [TracingInterceptor()], logger: logger)
/// RPCChannel(to: targets, interceptors: [TracingInterceptor()], logger: logger)
/// ```
///
/// The trace context travels in the metadata, as the bootstrapped instruments write it: see ``W3CTracePropagator`` for W3C's.
/// Spans are named `service/method` and have the attributes of OpenTelemetry's "Semantic conventions for gRPC". An `async`
/// handler runs with its call's span as current, so that what it starts becomes a child; a handler below `async` finds it in
/// ``NgRPC/ServerContext/serviceContext``.
public struct TracingInterceptor: ServerInterceptor, ClientInterceptor {
  private let chosenTracer: (any Tracer)?
  private let chosenInstrument: (any Instrument)?
  private let tracesMessages: Bool

  /// - Parameters:
  ///   - tracer: makes the spans; the bootstrapped one by default.
  ///   - instrument: reads and writes the trace context; `tracer` by default, or all that are bootstrapped.
  ///   - tracesMessages: whether each message is an event of its call's span. False by default.
  public init(
    tracer: (any Tracer)? = nil, instrument: (any Instrument)? = nil, tracesMessages: Bool = false
  ) {
    chosenTracer = tracer
    chosenInstrument = instrument ?? tracer
    self.tracesMessages = tracesMessages
  }

  private var tracer: any Tracer { chosenTracer ?? InstrumentationSystem.tracer }
  private var instrument: any Instrument { chosenInstrument ?? InstrumentationSystem.instrument }

  public func intercept(_ call: inout ServerContext) -> ServerInterception {
    var context = ServiceContext.topLevel
    instrument.extract(call.metadata, into: &context, using: MetadataExtractor())
    let span = startSpan(call.method, context, .server)
    span.setPeer(call.peer)
    call[ServiceContextOfCall.self] = span.context
    return ServerInterception(
      observer: CallSpan(span, isServer: true, tracesMessages: tracesMessages),
      advice: { next in try await ServiceContext.withValue(span.context) { try await next() } })
  }

  public func intercept(_ call: inout ClientContext) -> sending ClientInterception {
    let span = startSpan(call.method, ServiceContext.current ?? .topLevel, .client)
    instrument.inject(span.context, into: &call.options.metadata, using: MetadataInjector())
    return ClientInterception(observer: CallSpan(span, isServer: false, tracesMessages: tracesMessages))
  }

  private func startSpan(
    _ method: MethodDescriptor, _ context: ServiceContext, _ kind: SpanKind
  ) -> any Span {
    let span: any Span = tracer.startSpan(
      "\(method.service)/\(method.method)", context: context, ofKind: kind)
    span.attributes["rpc.system"] = "grpc"
    span.attributes["rpc.service"] = method.service
    span.attributes["rpc.method"] = method.method
    return span
  }
}

private enum ServiceContextOfCall: ContextKey { typealias Value = ServiceContext }

extension ServerContext {
  /// The call's span and what came with it, when a ``TracingInterceptor`` is installed.
  public var serviceContext: ServiceContext? { self[ServiceContextOfCall.self] }
}
