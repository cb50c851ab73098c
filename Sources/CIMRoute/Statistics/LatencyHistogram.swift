import NIOCore

/// How long something took, each time since the start: counts by bounds that grow by a fourth root of two, from 50 us to about
/// 10 s. What is read from it is right to a tenth.
struct LatencyHistogram: Sendable, Hashable {
  /// Ascending bounds, in microseconds.
  static let bounds: [UInt64] = Array(
    sequence(first: 50.0) { $0 * 1.189_207_115 }.prefix { $0 <= 10_000_000 }.map { UInt64($0.rounded()) })

  /// How often it took at most the bound of the same index and more than the one before; the last counts what took longer than
  /// every bound.
  private(set) var counts = [UInt64](repeating: 0, count: bounds.count + 1)

  /// It took that long once more.
  mutating func record(_ time: TimeAmount) {
    let microseconds = UInt64(max(0, time.nanoseconds)).dividedRoundingUp(by: 1000)
    counts[Self.bounds.firstIndex { microseconds <= $0 } ?? Self.bounds.count] += 1
  }
}

extension UInt64 {
  fileprivate func dividedRoundingUp(by divisor: UInt64) -> UInt64 { (self + divisor - 1) / divisor }
}
