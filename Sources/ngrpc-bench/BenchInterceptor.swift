import ArgumentParser
import Logging
import NgRPC
import NgRPCInterceptors

/// An interceptor whose cost is to be measured. None has anything behind it: no metrics backend, no tracer, and no log line is
/// written, as the level is above it.
enum BenchInterceptor: String, CaseIterable, ExpressibleByArgument {
  /// An observer that does nothing.
  case empty
  case logging
  case metrics
  case tracing
  case authentication
  case limit

  func make() -> any ServerInterceptor {
    switch self {
    case .empty: return EmptyInterceptor()
    case .logging:
      var logger = Logger(label: "ngrpc-bench")
      logger.logLevel = .warning
      return LoggingInterceptor(logger: logger)
    case .metrics: return MetricsInterceptor()
    case .tracing: return TracingInterceptor()
    case .authentication:
      return AuthenticationInterceptor<String>(verifyingAtOnce: { credentials, _ in credentials.value })
    case .limit: return ConcurrencyLimitInterceptor(perPeer: 1_000_000, total: 1_000_000)
    }
  }
}

private struct EmptyInterceptor: ServerInterceptor {
  func intercept(_ call: inout ServerContext) -> ServerInterception {
    ServerInterception(observer: Observer())
  }

  private final class Observer: ServerCallObserver {}
}
