/// Messages that are to be sent later. Times are by the store's clock.
///
/// ## Why a message is sent once, and never after it was cancelled
///
/// A message *waits*, is *taken*, and is *concluded*; each step is one atomic change of the store.
///
/// 1. Only who has taken a message sends it, and under the message's own id as its producer (`DelayedID.idempotency`). Any number
///    of routes may send it, one after the other or at once: the log has it once, and remembers a refusal as well.
/// 2. Taking lasts for a lease. A route that dies or sleeps loses the message to another; it is sent again, which 1 makes the same
///    message. `conclude` therefore needs no lease: what one route knows to be in the log, no other can send as something new.
/// 3. `cancel` removes a message only while it waits. One that was taken is never waiting again, unless the one who took it, as the
///    first since it waited, says that it was not sent and won't be (`giveBack`), and nobody else has taken it since (`attempt`).
/// 4. The log forgets a producer some days after its last use. A message that somebody may have sent longer ago is handed out as
///    uncertain, and is not to be sent.
public protocol DelayedStore: Store {
  /// Keeps a message until its time. A time that has passed is now.
  ///
  /// - Parameters:
  ///   - message: one whose id or key is known is not kept again, and answered as it was.
  ///   - key: makes a repeated call safe: unique among the sender's delayed messages, remembered for
  ///     `DelayedLimits.keyMilliseconds`.
  func schedule(
    _ message: DelayedMessage, for time: DelayedTime, under key: IdempotencyKey?
  ) async throws(StoreError) -> ScheduleOutcome

  /// A user's messages that are not sent, in the order of their times; those among them that failed not long ago.
  ///
  /// - Parameters:
  ///   - place: only what comes after it; `nil` for the first page.
  ///   - limit: at most that many; at least 1. There are no more when there are fewer.
  func scheduled(
    of user: UserID, after place: ScheduledPlace?, limit: Int
  ) async throws(StoreError) -> [ScheduledMessage]

  /// Removes a user's message if it waits, or has failed.
  func cancel(_ id: DelayedID, of user: UserID) async throws(StoreError) -> DelayedCancellation

  /// Takes messages whose time has come, or whose lease is over, in the order of their times.
  ///
  /// - Parameter limit: about how many, at least 1: stores in several parts look at each, and take one more of some. There may be
  ///   more when as many came.
  func take(limit: Int) async throws(StoreError) -> [TakenMessage]

  /// Gives messages back whose sending was not begun and will not be, for anybody to take at once.
  ///
  /// One that was taken by somebody else since then is left alone.
  func giveBack(_ messages: [TakenMessage]) async throws(StoreError)

  /// Leaves messages to be taken again after a pause: they may have been sent, or not.
  ///
  /// One that was taken by somebody else since then is left alone.
  func postpone(_ messages: [TakenMessage], milliseconds: UInt64) async throws(StoreError)

  /// Ends a message's life, whoever has it. One that is not there any more is left alone.
  func conclude(_ message: DelayedMessage, _ end: DelayedEnd) async throws(StoreError)
}
