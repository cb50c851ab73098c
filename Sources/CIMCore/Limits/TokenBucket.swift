/// A bucket of tokens, which fills at a steady rate until it is full: pure, with the time as an argument.
///
/// All there is to it is the moment at which it will be full again (the "generic cell rate algorithm" of ITU-T I.371): a bucket that is
/// full needs not be kept. Times are microseconds by one clock. After that clock was set back, the bucket is empty at most.
public struct TokenBucket: Hashable, Sendable {
  /// When it will be full, in microseconds.
  public private(set) var fullAt: UInt64 = 0

  /// A full one.
  public init() {}

  /// How many tokens there are, none to `limit.burst`.
  public func tokens(_ limit: RateLimit, at now: UInt64) -> Int {
    let missing = (self.debt(limit, at: now) + limit.interval - 1) / limit.interval
    return limit.burst - Int(missing)
  }

  /// How long to wait for a token, in microseconds; 0 when there is one.
  public func wait(_ limit: RateLimit, at now: UInt64) -> UInt64 {
    let needed = self.debt(limit, at: now) + limit.interval
    return needed > limit.capacity ? needed - limit.capacity : 0
  }

  /// Takes tokens that are there.
  ///
  /// - Parameter count: at most `tokens`.
  public mutating func take(_ count: Int, _ limit: RateLimit, at now: UInt64) {
    self.fullAt = now + self.debt(limit, at: now) + UInt64(count) * limit.interval
  }

  /// How long it takes until it is full.
  private func debt(_ limit: RateLimit, at now: UInt64) -> UInt64 {
    self.fullAt > now ? min(self.fullAt - now, limit.capacity) : 0
  }
}
