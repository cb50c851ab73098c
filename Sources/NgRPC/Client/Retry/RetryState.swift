/// Whether a call is tried again: gRPC's A6. Pure.
struct RetryState {
  /// How an attempt ended.
  enum Outcome: Hashable {
    /// Nothing of it left this side.
    case unsent
    /// The server says that it has not looked at it: REFUSED_STREAM, or above the last stream of its GOAWAY.
    case refused
    case status(StatusCode, Pushback)
  }

  /// What the server says about retries, in `grpc-retry-pushback-ms`.
  enum Pushback: Hashable {
    case none
    case after(Duration)
    /// A negative number, or something that is none.
    case never
  }

  enum Decision: Hashable {
    /// The call ends as the attempt did.
    case end
    /// At once, and without counting as an attempt.
    case transparently
    case after(Duration)
  }

  /// The response has begun, or what was sent is not held any more: the call ends with its current attempt.
  private(set) var isCommitted = false
  /// Those that ended and count: what `grpc-previous-rpc-attempts` tells.
  private(set) var previousAttempts = 0
  private var wasRefused = false
  private var retriesSincePushback = 0

  mutating func commit() { isCommitted = true }

  /// - Parameter random: from -1 to 1.
  mutating func attemptEnded(
    _ outcome: Outcome, policy: RetryPolicy?, throttle: inout RetryThrottle?,
    random: @autoclosure () -> Double
  ) -> Decision {
    switch outcome {
    case .unsent: return .transparently
    case .refused where !wasRefused && !isCommitted:
      wasRefused = true
      return .transparently
    case .refused:
      return retry(.unavailable, .none, policy, &throttle, random)
    case .status(let code, let pushback):
      return retry(code, pushback, policy, &throttle, random)
    }
  }

  private mutating func retry(
    _ code: StatusCode, _ pushback: Pushback, _ policy: RetryPolicy?, _ throttle: inout RetryThrottle?,
    _ random: () -> Double
  ) -> Decision {
    guard code != .ok else {
      throttle?.succeeded()
      return .end
    }
    guard let policy else { return .end }
    let isRetryable = policy.retryableStatusCodes.contains(code)
    if isRetryable || pushback == .never { throttle?.failed() }
    guard isRetryable, !isCommitted, pushback != .never, throttle?.allowsRetries ?? true,
      previousAttempts + 1 < policy.effectiveMaxAttempts
    else { return .end }
    previousAttempts += 1
    if case .after(let delay) = pushback {
      retriesSincePushback = 0
      return .after(delay)
    }
    defer { retriesSincePushback += 1 }
    return .after(policy.backoff(afterRetries: retriesSincePushback, random: random()))
  }
}

extension RetryState.Pushback {
  static let key = "grpc-retry-pushback-ms"

  init(_ metadata: Metadata) {
    guard !metadata.isEmpty, let text = metadata.string(for: Self.key) else {
      self = .none
      return
    }
    // More than 2^31 ms is no wait that anyone means.
    guard let milliseconds = Int32(text), milliseconds >= 0 else {
      self = .never
      return
    }
    self = .after(.milliseconds(Int64(milliseconds)))
  }
}
