import Synchronization

/// What a route has counted since its start.
public struct RouteStatistics: Sendable, Hashable {
  /// Messages that were appended to a log.
  public var accepted = 0
  /// Messages that had been accepted before, and were answered as then.
  public var deduplicated = 0
  /// Frames with a message that were sent to servers.
  public var deliveries = 0
  /// Frames with a message that were not sent because a server's link was down or full: it is told how far the conversation
  /// reaches instead.
  public var deferred = 0
  /// Deliveries that a server sent back because the session was not there.
  public var notHere = 0
  /// Conversations of users that were looked up again, because a link broke or a session had moved, and whose server was
  /// told of them.
  public var reResolved = 0
  /// Users' conversations that were not looked up again because there were too many: their marks tell of them.
  public var droppedTails = 0
  /// Acknowledgements that were dropped because there were too many: they come again with the next.
  public var droppedAcks = 0
  /// Places up to which users have read that were dropped because there were too many: clients say them again.
  public var droppedReads = 0
  /// Receipts that were sent to servers.
  public var receipts = 0
  /// Receipts that were dropped because there were too many, or the store was away.
  public var droppedReceipts = 0
  /// Deliveries that failed because the store was away; the messages are in the log.
  public var failedDeliveries = 0
  /// Ends of sessions that changed nothing, because the session was gone or a newer one had its place.
  public var staleCloses = 0
  /// Sessions that were stated again and stand.
  public var restated = 0
  /// Sessions of dead servers that were removed.
  public var swept = 0
  /// Pages that told of messages that can't be had any more.
  public var resets = 0
  /// How often the store was another one than before.
  public var storeChanges = 0
  /// Delayed messages that were sent, or known to be sent.
  public var delayedSent = 0
  /// Delayed messages that were refused for good.
  public var delayedFailed = 0
  /// What was refused because it was done too often.
  public var limited = 0
  /// Frames that were ignored because this version does not know them, or because they had no meaning where they came.
  public var ignoredFrames = 0
}

/// Counts on all threads.
final class RouteCounters: Sendable {
  let accepted = Atomic(0)
  let deduplicated = Atomic(0)
  let deliveries = Atomic(0)
  let deferred = Atomic(0)
  let notHere = Atomic(0)
  let reResolved = Atomic(0)
  let droppedTails = Atomic(0)
  let droppedAcks = Atomic(0)
  let droppedReads = Atomic(0)
  let receipts = Atomic(0)
  let droppedReceipts = Atomic(0)
  let failedDeliveries = Atomic(0)
  let staleCloses = Atomic(0)
  let restated = Atomic(0)
  let swept = Atomic(0)
  let resets = Atomic(0)
  let storeChanges = Atomic(0)
  let delayedSent = Atomic(0)
  let delayedFailed = Atomic(0)
  let limited = Atomic(0)
  let ignoredFrames = Atomic(0)

  /// The numbers now, each by itself right.
  var statistics: RouteStatistics {
    RouteStatistics(
      accepted: accepted.now, deduplicated: deduplicated.now, deliveries: deliveries.now,
      deferred: deferred.now, notHere: notHere.now, reResolved: reResolved.now,
      droppedTails: droppedTails.now, droppedAcks: droppedAcks.now, droppedReads: droppedReads.now,
      receipts: receipts.now,
      droppedReceipts: droppedReceipts.now, failedDeliveries: failedDeliveries.now,
      staleCloses: staleCloses.now, restated: restated.now, swept: swept.now, resets: resets.now,
      storeChanges: storeChanges.now, delayedSent: delayedSent.now, delayedFailed: delayedFailed.now,
      limited: limited.now,
      ignoredFrames: ignoredFrames.now)
  }
}

extension Atomic<Int> {
  /// Counts `amount` more.
  func count(_ amount: Int = 1) { wrappingAdd(amount, ordering: .relaxed) }

  /// The number now.
  fileprivate var now: Int { load(ordering: .relaxed) }
}
