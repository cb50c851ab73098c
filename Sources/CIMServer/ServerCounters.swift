import Synchronization

/// What a server has counted since its start.
public struct ServerStatistics: Sendable, Hashable {
  /// Clients that have been welcomed.
  public var welcomed = 0
  /// Connections that were closed by the server for a reason told in a kick.
  public var kicked = 0
  /// Messages from clients that were accepted.
  public var sent = 0
  /// Messages handed to clients' connections.
  public var delivered = 0
  /// Deliveries for sessions that were not here.
  public var notHere = 0
  /// Messages that came from routes and had been passed on to the client before.
  public var wireDoubles = 0
  /// Messages that did not come by themselves and were fetched from the log, by the part of it.
  public var holesFilled = 0
  /// Parts of logs that were fetched for clients that had been away.
  public var catchUps = 0
  /// Sessions that were stated again.
  public var restated = 0
  /// Receipts handed to clients' connections.
  public var receipts = 0
  /// Receipts that slow clients were not told.
  public var droppedReceipts = 0
  /// How often a slow client's feeds were paused.
  public var pausedFeeds = 0
  /// Clients that were asked to leave because the server goes away.
  public var drained = 0
  /// Frames that were ignored because this version does not know them, or because they had no meaning where they came.
  public var ignoredFrames = 0
}

/// Counts on all threads.
final class ServerCounters: Sendable {
  let welcomed = Atomic(0)
  let kicked = Atomic(0)
  let sent = Atomic(0)
  let delivered = Atomic(0)
  let notHere = Atomic(0)
  let wireDoubles = Atomic(0)
  let holesFilled = Atomic(0)
  let catchUps = Atomic(0)
  let restated = Atomic(0)
  let receipts = Atomic(0)
  let droppedReceipts = Atomic(0)
  let pausedFeeds = Atomic(0)
  let drained = Atomic(0)
  let ignoredFrames = Atomic(0)

  /// The numbers now, each by itself right.
  var statistics: ServerStatistics {
    ServerStatistics(
      welcomed: welcomed.load(ordering: .relaxed), kicked: kicked.load(ordering: .relaxed),
      sent: sent.load(ordering: .relaxed), delivered: delivered.load(ordering: .relaxed),
      notHere: notHere.load(ordering: .relaxed),
      wireDoubles: wireDoubles.load(ordering: .relaxed), holesFilled: holesFilled.load(ordering: .relaxed),
      catchUps: catchUps.load(ordering: .relaxed), restated: restated.load(ordering: .relaxed),
      receipts: receipts.load(ordering: .relaxed), droppedReceipts: droppedReceipts.load(ordering: .relaxed),
      pausedFeeds: pausedFeeds.load(ordering: .relaxed), drained: drained.load(ordering: .relaxed),
      ignoredFrames: ignoredFrames.load(ordering: .relaxed))
  }
}

extension Atomic<Int> {
  /// Counts `amount` more.
  func count(_ amount: Int = 1) { wrappingAdd(amount, ordering: .relaxed) }
}
