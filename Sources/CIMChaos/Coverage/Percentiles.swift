/// How a set of measurements is spread.
public struct Percentiles: Sendable {
  private let sorted: [UInt64]

  /// Takes measurements in any order.
  public init(_ values: [UInt64]) {
    self.sorted = values.sorted()
  }

  /// How many there are.
  public var count: Int { self.sorted.count }

  /// The smallest value that `percent` of all do not exceed (nearest rank); 0 when there is none.
  ///
  /// - Parameter percent: 0 to 100.
  public subscript(percent: Double) -> UInt64 {
    guard !self.sorted.isEmpty else { return 0 }
    let rank = Int((percent / 100 * Double(self.sorted.count)).rounded(.up))
    return self.sorted[min(max(rank, 1), self.sorted.count) - 1]
  }
}
