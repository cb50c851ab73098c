import Synchronization

/// What a server has counted since its start.
public struct ServerStatistics: Sendable, Hashable {
  /// Clients that have been welcomed.
  public var welcomed = 0
  /// Connections that were closed by the server for a reason told in a kick.
  public var kicked = 0
  /// Messages handed to clients' connections.
  public var delivered = 0
  /// Deliveries for sessions that were not here.
  public var notHere = 0
  /// Frames that were ignored because this version does not know them, or because they had no meaning where they came.
  public var ignoredFrames = 0
}

/// Counts on all threads.
final class ServerCounters: Sendable {
  let welcomed = Atomic(0)
  let kicked = Atomic(0)
  let delivered = Atomic(0)
  let notHere = Atomic(0)
  let ignoredFrames = Atomic(0)

  /// The numbers now, each by itself right.
  var statistics: ServerStatistics {
    ServerStatistics(
      welcomed: welcomed.load(ordering: .relaxed), kicked: kicked.load(ordering: .relaxed),
      delivered: delivered.load(ordering: .relaxed), notHere: notHere.load(ordering: .relaxed),
      ignoredFrames: ignoredFrames.load(ordering: .relaxed))
  }
}

extension Atomic<Int> {
  /// Counts `amount` more.
  func count(_ amount: Int = 1) { wrappingAdd(amount, ordering: .relaxed) }
}
