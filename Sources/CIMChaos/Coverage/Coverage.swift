/// Whether a run has met what is hard to keep the promises in.
public struct Coverage: Sendable {
  /// Something that has to have happened.
  public struct Need: Hashable, Sendable {
    /// What, in words.
    public let name: String
    /// The counters, as processes log them, that say how often: any of these.
    public let counters: [String]
  }

  /// All that has to have happened.
  public static let needs = [
    Need(name: "sends answered from dedupe", counters: ["deduplicated"]),
    Need(name: "wire doubles dropped", counters: ["wireDoubles"]),
    Need(name: "holes filled", counters: ["holesFilled"]),
    Need(name: "not_here", counters: ["notHere"]),
    Need(name: "stale closes refused", counters: ["staleCloses"]),
    Need(name: "links re-resolved", counters: ["reResolved"]),
    Need(name: "catch-ups", counters: ["catchUps"]),
    Need(name: "sessions stated again", counters: ["restated"]),
  ]

  /// All counters of all processes, summed.
  public private(set) var totals: [String: Int] = [:]
  /// How often each kind of fault was done.
  public private(set) var faults: [FaultKind: Int] = [:]

  /// Begins with nothing.
  public init() {}

  /// Adds the last counters of a process.
  public mutating func add(_ counters: [String: Int]) { self.totals.merge(counters, uniquingKeysWith: +) }

  /// A fault was done.
  public mutating func add(_ fault: FaultKind) { self.faults[fault, default: 0] += 1 }

  /// How often a need was met.
  public func count(of need: Need) -> Int { need.counters.reduce(0) { $0 + (self.totals[$1] ?? 0) } }

  /// What has not happened and should have.
  public var missing: [String] {
    Self.needs.filter { self.count(of: $0) == 0 }.map(\.name)
      + FaultKind.allCases.filter { self.faults[$0] == nil }.map { "a fault of the kind \($0.rawValue)" }
  }
}

extension Coverage: CustomStringConvertible {
  public var description: String {
    let faults = FaultKind.allCases.filter { self.faults[$0] != nil }
      .map { "\(self.faults[$0] ?? 0) \($0.rawValue)" }
    return """
      faults: \(self.faults.values.reduce(0, +)) (\(faults.joined(separator: ", ")))
      met: \(Self.needs.map { "\(self.count(of: $0)) \($0.name)" }.joined(separator: ", "))
      """
  }
}
