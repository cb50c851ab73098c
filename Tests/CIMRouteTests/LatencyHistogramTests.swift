import NIOCore
import Testing

@testable import CIMRoute

@Suite("How long messages took")
struct LatencyHistogramTests {
  @Test("A time counts under the first bound that is not below it, and past the last in a place of its own")
  func record() {
    let bounds = LatencyHistogram.bounds
    var histogram = LatencyHistogram()
    histogram.record(.microseconds(0))
    histogram.record(.microseconds(50))
    histogram.record(.nanoseconds(50_001))
    histogram.record(.microseconds(Int64(bounds[10])))
    histogram.record(.seconds(3600))
    #expect(histogram.counts[0] == 2 && histogram.counts[1] == 1 && histogram.counts[10] == 1)
    #expect(histogram.counts.last == 1 && histogram.counts.reduce(0, +) == 5)
  }

  @Test("Bounds ascend from 50 us to about 10 s, each less than a fifth above the one before")
  func bounds() {
    let bounds = LatencyHistogram.bounds
    #expect(bounds.first == 50 && (8_000_000...10_000_000).contains(bounds.last ?? 0))
    for (lower, upper) in zip(bounds, bounds.dropFirst()) {
      #expect(upper > lower && Double(upper) < Double(lower) * 1.21)
    }
  }
}
