/// How a channel makes the calls of a method: what gRPC's "Service Config" says of it.
public struct MethodConfig: Sendable, Hashable {
  /// How long a call may take in all. A shorter one among the call's options counts.
  public var timeout: Duration?
  /// Where the call's options don't say: whether it waits for a connection however long that takes.
  public var waitForReady: Bool?
  /// When a call that failed is made again; nil: never, but for what no server has processed.
  public var retryPolicy: RetryPolicy?
  /// The longest request message, in bytes, without its prefix. A longer one ends its call with RESOURCE_EXHAUSTED.
  public var maxRequestMessageBytes: Int?
  /// The longest response message, in bytes, where the channel's own limit is not lower.
  public var maxResponseMessageBytes: Int?

  public init(
    timeout: Duration? = nil, waitForReady: Bool? = nil, retryPolicy: RetryPolicy? = nil,
    maxRequestMessageBytes: Int? = nil, maxResponseMessageBytes: Int? = nil
  ) {
    self.timeout = timeout
    self.waitForReady = waitForReady
    self.retryPolicy = retryPolicy
    self.maxRequestMessageBytes = maxRequestMessageBytes
    self.maxResponseMessageBytes = maxResponseMessageBytes
  }
}

/// How a channel makes its calls, by method: gRPC's "Service Config", given in code.
public struct ServiceConfig: Sendable, Hashable {
  /// Which methods a ``MethodConfig`` is for.
  public enum Scope: Sendable, Hashable {
    /// Those that nothing else is for.
    case all
    /// All of a service, given by its full name, that nothing closer is for.
    case service(String)
    case method(MethodDescriptor)
  }

  /// The closest one counts, alone: they are not put together.
  public var methods: [Scope: MethodConfig] = [:]
  /// Stops retries while most calls fail; nil: never.
  public var retryThrottling: RetryThrottling?

  public init(methods: [Scope: MethodConfig] = [:], retryThrottling: RetryThrottling? = nil) {
    self.methods = methods
    self.retryThrottling = retryThrottling
  }

  func config(for method: MethodDescriptor) -> MethodConfig? {
    guard !methods.isEmpty else { return nil }
    return methods[.method(method)] ?? methods[.service(method.service)] ?? methods[.all]
  }
}
