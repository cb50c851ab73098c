/// The tokens that a channel's retries are paid with: A6, "Throttling Retry Attempts". Pure.
struct RetryThrottle {
  // In thousandths: the ratio has three decimals.
  private let maximum: Int
  private let ratio: Int
  private var tokens: Int

  init(_ throttling: RetryThrottling) {
    maximum = min(max(throttling.maxTokens, 1), 1000) * 1000
    ratio = min(max(Int((throttling.tokenRatio * 1000).rounded()), 1), maximum)
    tokens = maximum
  }

  var allowsRetries: Bool { tokens > maximum / 2 }

  mutating func succeeded() { tokens = min(maximum, tokens + ratio) }

  mutating func failed() { tokens = max(0, tokens - 1000) }
}
