/// Counts durations in buckets that are 1/32 wide of what they hold.
struct LatencyHistogram {
  private static let subBits = 5
  private var counts = [Int](repeating: 0, count: 64 << Self.subBits)
  private(set) var count = 0

  /// - Parameter nanoseconds: below zero counts as zero.
  mutating func record(_ nanoseconds: Int64) {
    counts[Self.bucket(UInt64(max(0, nanoseconds)))] += 1
    count += 1
  }

  private static func bucket(_ value: UInt64) -> Int {
    let exponent = 63 - (value | 1).leadingZeroBitCount
    guard exponent > subBits else { return Int(value) }
    let shift = exponent - subBits
    return (shift << subBits) + Int(value >> UInt64(shift))
  }

  /// The lowest value of a bucket, in nanoseconds.
  private static func lowest(_ bucket: Int) -> Double {
    let shift = max(0, bucket >> subBits - 1)
    return Double(bucket - shift << subBits) * Double(UInt64(1) << UInt64(shift))
  }

  /// The duration that a share of all do not exceed, in microseconds; nil when there are none.
  func quantile(_ share: Double) -> Double? {
    guard count > 0 else { return nil }
    let rank = Int(Double(count - 1) * share)
    var seen = 0
    for (bucket, times) in counts.enumerated() {
      seen += times
      if seen > rank { return Self.lowest(bucket) / 1000 }
    }
    return nil
  }
}
