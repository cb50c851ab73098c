/// How long to wait between attempts to connect: gRPC's "Connection Backoff Protocol".
public struct ConnectionBackoff: Sendable, Hashable {
  /// After the first failure. 1 s by default.
  public var initial = Duration.seconds(1)
  /// How much longer each wait is than the one before. 1.6 by default; less than 1 counts as 1.
  public var multiplier = 1.6
  /// The longest. 120 s by default.
  public var maximum = Duration.seconds(120)
  /// By which share each wait varies at random, up and down: 0 to 1. 0.2 by default.
  public var jitter = 0.2

  public init() {}

  /// The wait after a number of failures in a row.
  ///
  /// - Parameters:
  ///   - failures: 1 or more.
  ///   - random: from -1 to 1.
  func delay(afterFailures failures: Int, random: Double) -> Duration {
    var delay = max(.zero, initial)
    for _ in 1..<max(1, min(failures, 1000)) {
      guard delay > .zero, delay < maximum, multiplier > 1 else { break }
      delay = delay * multiplier
    }
    return min(delay, max(.zero, maximum)) * (1 + min(1, max(0, jitter)) * random)
  }
}
