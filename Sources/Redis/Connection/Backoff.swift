import NIOCore

/// How long to wait before the next attempt to connect: exponential, bounded, jittered.
struct Backoff {
  /// The wait before the first retry, before jitter.
  let initial: TimeAmount
  /// What each further wait is multiplied with.
  let multiplier: Double
  /// The longest wait, before jitter.
  let maximum: TimeAmount
  /// By which fraction a wait is shortened or prolonged at most, 0 to 1, so that clients do not come back together.
  let jitter: Double

  /// Failed attempts since the last success.
  private(set) var failures = 0

  init(initial: TimeAmount, multiplier: Double, maximum: TimeAmount, jitter: Double) {
    self.initial = initial
    self.multiplier = multiplier
    self.maximum = maximum
    self.jitter = jitter
  }

  /// Counts a failure and says how long to wait now.
  ///
  /// - Parameter random: Where in the jitter's range the wait lies, -1 to 1.
  mutating func next(random: Double) -> TimeAmount {
    var wait = Double(initial.nanoseconds)
    for _ in 0..<failures where wait < Double(maximum.nanoseconds) {
      wait *= multiplier
    }
    failures += 1
    return .nanoseconds(Int64(min(wait, Double(maximum.nanoseconds)) * (1 + jitter * random)))
  }

  /// Forgets the failures: the next wait is the first again.
  mutating func reset() { failures = 0 }
}
