import Testing

@testable import ngrpc_bench

@Suite("Latency histogram")
struct LatencyHistogramTests {
  @Test("Quantiles are exact to a 32nd, from nanoseconds to hours")
  func quantiles() throws {
    for scale: Int64 in [1, 1000, 1_000_000, 1_000_000_000, 10_000_000_000_000] {
      var histogram = LatencyHistogram()
      for value in 1...100 { histogram.record(Int64(value) * scale) }
      for share in [0, 0.5, 0.99, 1] {
        let exact = (1 + (99 * share).rounded(.down)) * Double(scale) / 1000
        let quantile = try #require(histogram.quantile(share))
        #expect(quantile <= exact && quantile > exact * (1 - 1.0 / 32), "\(share) of \(scale)")
      }
    }
  }

  @Test("Nothing recorded has no quantile, and a clock that went back counts as zero")
  func edges() {
    var histogram = LatencyHistogram()
    #expect(histogram.quantile(0.5) == nil)
    histogram.record(-5)
    histogram.record(.max)
    #expect(histogram.quantile(0) == 0)
    #expect(histogram.count == 2)
  }
}
