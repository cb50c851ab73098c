/// An event, and when it happened.
public struct HistoryLine: Hashable, Sendable {
  /// In milliseconds by the machine's monotonic clock, which all processes share.
  public let time: UInt64
  /// What happened.
  public let event: HistoryEvent

  /// Describes an event.
  public init(time: UInt64, event: HistoryEvent) {
    self.time = time
    self.event = event
  }
}

/// A line of a history's file: events that happened together, and what the client has to remember of them.
///
/// Both stand in one line, so that neither can be without the other.
struct HistoryStep: Codable, Hashable {
  let time: UInt64
  let events: [HistoryEvent]
  /// For the client alone, in a form of its own.
  let memory: [String]?
}
