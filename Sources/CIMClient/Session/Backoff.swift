/// How long to wait before the next attempt: exponential, with jitter, so that a thousand clients that lost the same
/// server do not return in step.
public struct Backoff: Sendable {
  /// The numbers of a backoff.
  public struct Configuration: Hashable, Sendable {
    /// The longest wait before the first attempt, the shortest being a fifth of it: 1 s by default, which spreads the logins of a
    /// thousand clients over 0.8 s.
    public var initial: Duration

    /// What each failed attempt multiplies it by: 1.6 by default.
    public var multiplier: Double

    /// The longest wait of all: 15 s by default.
    public var maximum: Duration

    /// 1 s, times 1.6, at most 15 s.
    public static let defaults = Self(initial: .seconds(1), multiplier: 1.6, maximum: .seconds(15))

    /// States all three. The multiplier is at least 1.
    public init(initial: Duration, multiplier: Double, maximum: Duration) {
      self.initial = initial
      self.multiplier = multiplier
      self.maximum = maximum
    }
  }

  private let configuration: Configuration
  private var bound: Duration

  init(_ configuration: Configuration) {
    self.configuration = configuration
    self.bound = configuration.initial
  }

  /// The next wait: between a fifth of the current bound and all of it. Then the bound grows.
  mutating func next(using random: inout some RandomNumberGenerator) -> Duration {
    let wait = self.bound * Double.random(in: 0.2...1, using: &random)
    self.bound = min(self.bound * self.configuration.multiplier, self.configuration.maximum)
    return wait
  }

  /// After a success: begins anew.
  mutating func reset() {
    self.bound = self.configuration.initial
  }
}
