/// An event, and when it happened.
public struct HistoryLine: Codable, Hashable, Sendable {
  /// In milliseconds by the machine's monotonic clock, which all processes share.
  public let time: UInt64
  /// What happened.
  public let event: HistoryEvent

  /// Describes a line.
  public init(time: UInt64, event: HistoryEvent) {
    self.time = time
    self.event = event
  }
}
