/// When a call that failed is made again: gRPC's A6. Hedging is not offered.
///
/// A call is made again as long as the server has not begun to answer (a status without a response before it is no answer),
/// its messages fit the channel's retry buffers, and its deadline, which spans all attempts, has not passed.
public struct RetryPolicy: Sendable, Hashable {
  /// How often a call is made in all, the first attempt included: 2 to 5; more counts as 5.
  public var maxAttempts: Int
  /// How long to wait before the second attempt. Each wait varies by 20 % at random, up and down.
  public var initialBackoff: Duration
  /// The longest wait.
  public var maxBackoff: Duration
  /// How much longer each wait is than the one before.
  public var backoffMultiplier: Double
  /// The statuses after which a call is made again.
  public var retryableStatusCodes: Set<StatusCode>

  public init(
    maxAttempts: Int, initialBackoff: Duration, maxBackoff: Duration, backoffMultiplier: Double,
    retryableStatusCodes: Set<StatusCode>
  ) {
    self.maxAttempts = maxAttempts
    self.initialBackoff = initialBackoff
    self.maxBackoff = maxBackoff
    self.backoffMultiplier = backoffMultiplier
    self.retryableStatusCodes = retryableStatusCodes
  }

  /// - Parameters:
  ///   - retries: how many there were since the last pushback, this one not counted.
  ///   - random: from -1 to 1.
  func backoff(afterRetries retries: Int, random: Double) -> Duration {
    var delay = min(initialBackoff, maxBackoff)
    for _ in 0..<min(retries, Self.attemptLimit) { delay = min(delay * backoffMultiplier, maxBackoff) }
    return max(.zero, delay) * (1 + 0.2 * random)
  }

  /// A6 lets no policy ask for more.
  static let attemptLimit = 5
  var effectiveMaxAttempts: Int { min(maxAttempts, Self.attemptLimit) }
}

/// Stops a channel's retries while most calls fail: gRPC's A6.
///
/// There are `maxTokens` at first; a failure that a retry would follow takes one, a success gives `tokenRatio` back. With half of them
/// or fewer left nothing is retried.
public struct RetryThrottling: Sendable, Hashable {
  /// 1 to 1000; held to that.
  public var maxTokens: Int
  /// More than 0; three decimals count.
  public var tokenRatio: Double

  public init(maxTokens: Int, tokenRatio: Double) {
    self.maxTokens = maxTokens
    self.tokenRatio = tokenRatio
  }
}
