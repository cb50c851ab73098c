import CIMProtos

/// What a process has counted since its start, at one moment.
protocol Counted: Sendable {
  /// When it was started, in milliseconds since 1970.
  var startedAtMs: Int64 { get }
  /// The moment, in milliseconds since 1970, by the same clock.
  var nowMs: Int64 { get }
}

extension CimV1.ServerWork: Counted {}
extension CimV1.GetRouteResponse: Counted {}

/// The last two moments of one process: what lies between them tells its rates.
struct Track<Counts: Counted>: Sendable {
  private var before: Counts?
  private(set) var last: Counts

  init(_ counts: Counts) { self.last = counts }

  /// Takes note of a moment; one that is known or older changes nothing.
  mutating func note(_ counts: Counts) {
    if counts.startedAtMs != self.last.startedAtMs {
      self = Track(counts)
    } else if counts.nowMs > self.last.nowMs {
      self.before = self.last
      self.last = counts
    }
  }

  /// What was added to a counter, by the second; nil when there is one moment only.
  func rate(_ counter: (Counts) -> UInt64) -> Double? {
    guard let before = self.before else { return nil }
    let (earlier, later) = (counter(before), counter(self.last))
    guard later >= earlier else { return nil }
    return Double(later - earlier) * 1000 / Double(self.last.nowMs - before.nowMs)
  }

  /// What the latencies between the two moments were; since the start when there is one moment only.
  func latencies(_ histogram: (Counts) -> CimV1.Latencies?) -> CimV1.Latencies? {
    guard let later = histogram(self.last) else { return nil }
    guard let earlier = self.before.flatMap(histogram), earlier.boundsUs == later.boundsUs,
      earlier.counts.count == later.counts.count
    else { return later }
    return CimV1.Latencies(
      boundsUs: later.boundsUs,
      counts: zip(later.counts, earlier.counts).map { $0 >= $1 ? $0 - $1 : 0 })
  }

  /// For how long the process has run, in milliseconds.
  var uptime: Int64 { max(0, self.last.nowMs - self.last.startedAtMs) }
}

extension CimV1.Latencies {
  /// The bound under which a part of all times lies, in microseconds; nil when nothing was counted.
  ///
  /// - Parameter part: such as 0.99, for the 99th percentile.
  /// - Returns: the upper bound of the bucket, infinite in the last.
  func quantile(_ part: Double) -> Double? {
    let all = self.counts.reduce(0, +)
    guard all > 0 else { return nil }
    var rest = UInt64((Double(all) * part).rounded(.up))
    for (index, count) in self.counts.enumerated() {
      guard rest > count else {
        return index < self.boundsUs.count ? Double(self.boundsUs[index]) : .infinity
      }
      rest -= count
    }
    return .infinity
  }
}
