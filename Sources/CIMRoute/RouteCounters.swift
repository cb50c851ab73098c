import Synchronization

/// What a route has counted since its start.
public struct RouteStatistics: Sendable, Hashable {
  /// Messages that were appended to a log.
  public var accepted = 0
  /// Frames with a message that were sent to servers.
  public var deliveries = 0
  /// Frames with a message, or with the end of a session, that were dropped because a server's link was down or slow; the
  /// messages are in the log.
  public var dropped = 0
  /// Deliveries that a server sent back because the session was not there.
  public var notHere = 0
  /// Deliveries that failed because the store was away; the messages are in the log.
  public var failedDeliveries = 0
  /// Frames that were ignored because this version does not know them, or because they had no meaning where they came.
  public var ignoredFrames = 0
}

/// Counts on all threads.
final class RouteCounters: Sendable {
  let accepted = Atomic(0)
  let deliveries = Atomic(0)
  let dropped = Atomic(0)
  let notHere = Atomic(0)
  let failedDeliveries = Atomic(0)
  let ignoredFrames = Atomic(0)

  /// The numbers now, each by itself right.
  var statistics: RouteStatistics {
    RouteStatistics(
      accepted: accepted.load(ordering: .relaxed), deliveries: deliveries.load(ordering: .relaxed),
      dropped: dropped.load(ordering: .relaxed), notHere: notHere.load(ordering: .relaxed),
      failedDeliveries: failedDeliveries.load(ordering: .relaxed),
      ignoredFrames: ignoredFrames.load(ordering: .relaxed))
  }
}

extension Atomic<Int> {
  /// Counts `amount` more.
  func count(_ amount: Int = 1) { wrappingAdd(amount, ordering: .relaxed) }
}
