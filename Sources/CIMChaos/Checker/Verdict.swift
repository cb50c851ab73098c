/// What a check found.
public struct Verdict: Sendable {
  /// How much there was.
  public struct Counts: Hashable, Sendable {
    /// Clients.
    public var clients = 0
    /// Messages that clients numbered and sent.
    public var sent = 0
    /// Messages that were accepted.
    public var accepted = 0
    /// Those of them that were private, to a group, to the lobby.
    public var acceptedPrivate = 0, acceptedGroup = 0, acceptedLobby = 0
    /// Messages whose answer said that they had been accepted before.
    public var answeredAgain = 0
    /// Messages of which nobody knows.
    public var uncertain = 0
    /// Messages that were refused for good.
    public var refused = 0
    /// Messages that were shown, each time to one receiver.
    public var shown = 0
    /// Messages that had to be shown, each time to one receiver.
    public var expected = 0
    /// How often a client was told that messages are gone.
    public var resets = 0
    /// How often a connection was lost.
    public var away = 0
    /// How often a client moved from a server that was going away.
    public var moved = 0
  }

  /// How much there was.
  public internal(set) var counts = Counts()
  /// What was wrong.
  public internal(set) var violations: [Violation] = []

  /// Whether nothing was wrong.
  public var isClean: Bool { self.violations.isEmpty }

  /// How often a promise was broken.
  public func count(of kind: Violation.Kind) -> Int {
    self.violations.count { $0.kind == kind }
  }
}

extension Verdict: CustomStringConvertible {
  /// The counts, then how often each promise was broken, then at most ten cases of each.
  public var description: String {
    let counts = self.counts
    var lines = [
      "\(counts.clients) clients sent \(counts.sent) messages: \(counts.accepted) accepted"
        + " (\(counts.acceptedPrivate) private, \(counts.acceptedGroup) group, \(counts.acceptedLobby) lobby;"
        + " \(counts.answeredAgain) answered again), \(counts.uncertain) uncertain, \(counts.refused) refused",
      "\(counts.shown) shown of \(counts.expected) expected; \(counts.moved) moves, connections lost \(counts.away) times, \(counts.resets) resets",
      Violation.Kind.allCases.map { "\(self.count(of: $0)) \($0.rawValue)" }.joined(separator: ", "),
    ]
    for kind in Violation.Kind.allCases {
      let cases = self.violations.filter { $0.kind == kind }
      lines += cases.prefix(10).map { "  \($0)" }
      if cases.count > 10 { lines.append("  … and \(cases.count - 10) more \(kind.rawValue)") }
    }
    return lines.joined(separator: "\n")
  }
}
