import Synchronization

/// Delayed messages that live and die with the process.
public final class InMemoryDelayedStore: DelayedStore {
  private let table: Mutex<DelayedTable>
  private let clock: @Sendable () -> Timestamp

  /// Creates a store without messages.
  ///
  /// - Parameters:
  ///   - limits: how many are kept, and for how long.
  ///   - clock: tells the store's time.
  public init(
    limits: DelayedLimits = .defaults, clock: @escaping @Sendable () -> Timestamp = Timestamp.now
  ) {
    self.table = Mutex(DelayedTable(limits: limits))
    self.clock = clock
  }

  public func schedule(
    _ message: DelayedMessage, for time: DelayedTime, under key: IdempotencyKey?
  ) async throws(StoreError) -> ScheduleOutcome {
    self.table.withLock { $0.schedule(message, for: time, under: key, at: self.clock()) }
  }

  public func scheduled(
    of user: UserID, after place: ScheduledPlace?, limit: Int
  ) async throws(StoreError) -> [ScheduledMessage] {
    self.table.withLock { $0.scheduled(of: user, after: place, limit: limit, at: self.clock()) }
  }

  public func cancel(_ id: DelayedID, of user: UserID) async throws(StoreError) -> DelayedCancellation {
    self.table.withLock { $0.cancel(id, of: user) }
  }

  public func take(limit: Int) async throws(StoreError) -> [TakenMessage] {
    self.table.withLock { $0.take(limit: limit, at: self.clock()) }
  }

  public func giveBack(_ messages: [TakenMessage]) async throws(StoreError) {
    self.table.withLock { table in
      for message in messages { table.release(message, isUnsent: true, until: self.clock()) }
    }
  }

  public func postpone(_ messages: [TakenMessage], milliseconds: UInt64) async throws(StoreError) {
    self.table.withLock { table in
      let next = Timestamp(milliseconds: self.clock().milliseconds + milliseconds)
      for message in messages { table.release(message, isUnsent: false, until: next) }
    }
  }

  public func conclude(_ message: DelayedMessage, _ end: DelayedEnd) async throws(StoreError) {
    self.table.withLock { $0.conclude(message, end, at: self.clock()) }
  }

  public func ping() async throws(StoreError) {}

  /// All messages as they are, to be put back.
  func copy() -> DelayedTable { self.table.withLock { $0 } }

  /// Puts messages in the place of all there are.
  func replace(with copy: DelayedTable) { self.table.withLock { $0 = copy } }
}
