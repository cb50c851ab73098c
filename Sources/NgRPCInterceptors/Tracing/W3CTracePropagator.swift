import Instrumentation

/// Carries W3C trace context from one process to the next: `traceparent` and `tracestate` into the `ServiceContext` and out of
/// it.
///
/// For tracers that leave propagation to others, and for processes that have no tracer and must not break their callers' traces:
///
/// ```swift
/// InstrumentationSystem.bootstrap(MultiplexInstrument([tracer, W3CTracePropagator()]))
/// ```
///
/// What came in is passed on as it is, which the specification allows to those that add no spans; a tracer that does sets
/// `ServiceContext.w3cTraceContext` to its span's.
public struct W3CTracePropagator: Instrument {
  static let parentKey = "traceparent"
  static let stateKey = "tracestate"

  public init() {}

  public func extract<Carrier, Extract>(
    _ carrier: Carrier, into context: inout ServiceContext, using extractor: Extract
  ) where Extract: Extractor, Extract.Carrier == Carrier {
    guard let parent = extractor.extract(key: Self.parentKey, from: carrier) else { return }
    context.w3cTraceContext = W3CTraceContext(
      traceparent: parent, tracestate: extractor.extract(key: Self.stateKey, from: carrier))
  }

  public func inject<Carrier, Inject>(
    _ context: ServiceContext, into carrier: inout Carrier, using injector: Inject
  ) where Inject: Injector, Inject.Carrier == Carrier {
    guard let trace = context.w3cTraceContext else { return }
    injector.inject(trace.traceparent, forKey: Self.parentKey, into: &carrier)
    let state = trace.state.tracestate
    if !state.isEmpty { injector.inject(state, forKey: Self.stateKey, into: &carrier) }
  }
}

private enum W3CTraceContextKey: ServiceContextKey {
  typealias Value = W3CTraceContext
}

extension ServiceContext {
  /// The W3C trace context of the caller, or of the tracer's span.
  public var w3cTraceContext: W3CTraceContext? {
    get { self[W3CTraceContextKey.self] }
    set { self[W3CTraceContextKey.self] = newValue }
  }
}
