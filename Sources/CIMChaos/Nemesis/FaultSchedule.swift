import TestSupport

/// Which faults come when: all of it follows from a seed.
public struct FaultSchedule: Hashable, Sendable {
  /// A fault to come.
  public struct Fault: Hashable, Sendable {
    /// When, in milliseconds after the start.
    public let time: Int
    /// What.
    public let kind: FaultKind
    /// To which of those whom it can be done to: to be taken modulo their number.
    public let target: Int
    /// For how long, in milliseconds.
    public let duration: Int
  }

  /// The seed.
  public let seed: UInt64
  /// The faults, by time.
  public let faults: [Fault]

  /// Draws a schedule: every kind comes before any comes again, and a kind's first is its longest.
  ///
  /// - Parameters:
  ///   - count: How many faults there are.
  ///   - span: Over how many milliseconds they are spread.
  ///   - kinds: Which kinds there are.
  public init(seed: UInt64, count: Int, span: Int, kinds: [FaultKind] = FaultKind.allCases) {
    var random = SplitMix(seed: seed)
    var order: [FaultKind] = []
    while order.count < count { order += kinds.shuffled(using: &random) }
    var seen: [FaultKind: Int] = [:]
    let step = span / max(1, count)
    self.seed = seed
    self.faults = order.prefix(count).enumerated().map { index, kind in
      let durations = kind.durations[seen[kind, default: 0] % kind.durations.count]
      seen[kind, default: 0] += 1
      return Fault(
        time: index * step + Int.random(in: 0...max(0, step - 1), using: &random), kind: kind,
        target: Int.random(in: 0..<1000, using: &random), duration: Int.random(in: durations, using: &random))
    }
  }
}

extension FaultSchedule: CustomStringConvertible {
  public var description: String {
    self.faults.map { fault in
      let time = "\(fault.time / 1000).\(fault.time / 100 % 10)"
      return "  \(time) s: \(fault.kind.rawValue), target \(fault.target), for \(fault.duration) ms"
    }.joined(separator: "\n")
  }
}
