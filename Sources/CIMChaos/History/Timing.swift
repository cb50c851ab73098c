/// How long things took, in milliseconds, as the histories have it.
public struct Timing: Sendable {
  /// From numbering a message to its acceptance.
  public let accepted: Percentiles
  /// From numbering a message to its showing, for each receiver.
  public let shown: Percentiles
  /// From the loss of a connection to the next welcome.
  public let away: Percentiles

  /// Measures.
  ///
  /// - Parameter start: What was sent before counts for nothing.
  public init(_ histories: [ClientHistory], from start: UInt64 = 0) {
    var sent: [String: UInt64] = [:]
    for line in histories.lazy.flatMap(\.lines) {
      if case .send(let message) = line.event, line.time >= start { sent[message.text] = line.time }
    }
    var (accepted, shown): ([UInt64], [UInt64]) = ([], [])
    for line in histories.lazy.flatMap(\.lines) {
      switch line.event {
      case .accepted(let text, _, _):
        if let time = sent[text] { accepted.append(line.time - min(time, line.time)) }
      case .shown(let message):
        if let time = message.text.flatMap({ sent[$0] }) { shown.append(line.time - min(time, line.time)) }
      default: break
      }
    }
    self.accepted = Percentiles(accepted)
    self.shown = Percentiles(shown)
    self.away = Percentiles(histories.flatMap(\.awayTimes))
  }
}

extension Timing: CustomStringConvertible {
  public var description: String {
    """
    accepted after: \(self.accepted)
    shown after: \(self.shown)
    away for: \(self.away)
    """
  }
}

extension Percentiles: CustomStringConvertible {
  public var description: String {
    "p50 \(self[50]) ms, p90 \(self[90]) ms, p99 \(self[99]) ms, max \(self[100]) ms (\(self.count) times)"
  }
}
