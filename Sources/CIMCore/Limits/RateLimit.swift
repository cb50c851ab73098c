/// How often something may be done: so many times at once, and then at a steady rate.
public struct RateLimit: Hashable, Sendable {
  /// What a rate is counted by.
  public enum Period: Hashable, Sendable {
    case second, minute, hour

    fileprivate var microseconds: UInt64 {
      switch self {
      case .second: 1_000_000
      case .minute: 60_000_000
      case .hour: 3_600_000_000
      }
    }
  }

  /// How many tokens a bucket may have, and how many may come in a period.
  static let counts = 1...1_000_000

  /// How long it takes until there is another token, in microseconds; at least 1.
  public let interval: UInt64

  /// How many tokens a full bucket has; at least 1.
  public let burst: Int

  /// How long an empty bucket takes to be full, in microseconds.
  public var capacity: UInt64 { UInt64(self.burst) * self.interval }

  /// So many in a period.
  ///
  /// - Parameters:
  ///   - count: 1 to 1,000,000.
  ///   - burst: how many at once, 1 to 1,000,000; as many as come in ten seconds, and at least 10, when it is not given.
  /// - Returns: nil when a number is out of its range.
  public init?(_ count: Int, per period: Period, burst: Int? = nil) {
    guard Self.counts.contains(count), burst.map(Self.counts.contains) ?? true else { return nil }
    self.interval = max(1, period.microseconds / UInt64(count))
    self.burst = burst ?? max(10, Int(10_000_000 / self.interval))
  }
}
