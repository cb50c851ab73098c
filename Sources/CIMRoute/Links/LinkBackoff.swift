import NIOCore

/// How long to wait until a link is made again: longer after each failure in a row, and never the same for all routes.
struct LinkBackoff: Sendable, Hashable {
  /// After the first failure.
  var initial: TimeAmount
  /// The longest.
  var maximum: TimeAmount

  /// 100 ms, each time 1.6 times longer, up to 3 s.
  static let defaults = LinkBackoff(initial: .milliseconds(100), maximum: .seconds(3))

  /// The wait after a number of failures in a row.
  ///
  /// - Parameters:
  ///   - failures: 1 or more.
  ///   - random: from 0 to 1; the wait varies with it by 20 % up and down.
  func delay(afterFailures failures: Int, random: Double) -> TimeAmount {
    var delay = Double(initial.nanoseconds)
    let maximum = Double(maximum.nanoseconds)
    for _ in 1..<max(1, failures) where delay < maximum { delay *= 1.6 }
    return .nanoseconds(Int64(min(delay, maximum) * (0.8 + 0.4 * random)))
  }
}
