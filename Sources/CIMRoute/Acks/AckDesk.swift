import CIMCore
import CIMProtos
import Logging
import Synchronization

/// Stores how far devices have come, and tells senders that wait for it.
///
/// One write is under way at a time; what comes meanwhile goes with the next. A store that is away loses nothing: it is tried
/// again until it is back.
final class AckDesk: Sendable {
  /// What is sent to the server of a session whose message has arrived.
  typealias Waiter = @Sendable () -> Void

  private struct State {
    var pending: PendingCursors
    var isWriting = false
  }

  /// How long to wait until a store that was away is tried again.
  private static let pause = Duration.milliseconds(500)
  /// How often a sender's call looks whether its message has arrived.
  private static let pollPause = Duration.milliseconds(100)

  private let cursors: any CursorStore
  private let receipts: ReceiptDesk
  private let logger: Logger
  private let counters: RouteCounters
  private let state: Mutex<State>
  private let waiters: Mutex<DeliveryWaiters<Waiter>>
  private let activity = Activity()

  init(
    cursors: any CursorStore, receipts: ReceiptDesk, capacity: Int, counters: RouteCounters, logger: Logger
  ) {
    self.cursors = cursors
    self.receipts = receipts
    self.counters = counters
    self.logger = logger
    state = Mutex(State(pending: PendingCursors(capacity: capacity)))
    waiters = Mutex(DeliveryWaiters(capacity: capacity))
  }

  /// Servers tell how far clients have stored what they got.
  func take(_ ack: CimV1.LinkAck) {
    let advances = ack.sessions.compactMap(CursorAdvance.init)
    guard !advances.isEmpty else { return }
    let (mustWrite, dropped) = state.withLock { state in
      let dropped = advances.reduce(0) { $0 + state.pending.add($1) }
      guard !state.isWriting, !state.pending.isEmpty else { return (false, dropped) }
      state.isWriting = true
      activity.begin()
      return (true, dropped)
    }
    counters.droppedAcks.count(dropped)
    if mustWrite { Task { await write() } }
  }

  /// Returns when everything is stored.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  private func write() async {
    while true {
      let advances = state.withLock { state in
        if state.pending.isEmpty {
          state.isWriting = false
          activity.end()
        }
        return state.pending.takeAll()
      }
      guard !advances.isEmpty else { return }
      do {
        receipts.take(try await cursors.advance(advances), .delivered)
        tell(advances)
      } catch {
        logger.debug("cursors could not be stored; trying again", metadata: ["error": "\(error)"])
        let dropped = state.withLock { state in advances.reduce(0) { $0 + state.pending.add($1) } }
        counters.droppedAcks.count(dropped)
        try? await Task.sleep(for: Self.pause)
      }
    }
  }

  private func tell(_ advances: [CursorAdvance]) {
    let found = waiters.withLock { waiters in
      advances.flatMap { advance in
        advance.positions.flatMap { waiters.reached($1, by: advance.device.user, in: $0) }
      }
    }
    for waiter in found { waiter() }
  }

  // MARK: Waiting for an arrival

  /// Whether a private message has reached a device of its receiver.
  func hasArrived(_ entry: LogEntry) async throws(StoreError) -> Bool {
    guard let receiver = entry.receiver else { return false }
    let reached = try await cursors.cursor(of: receiver, in: entry.conversation)
    return reached.map { $0 >= entry.position } ?? false
  }

  /// Calls `waiter` when a private message has reached a device of its receiver; never when that takes too long.
  func whenArrived(_ entry: LogEntry, _ waiter: @escaping Waiter) async {
    guard let receiver = entry.receiver else { return }
    waiters.withLock { $0.add(waiter, for: receiver, entry.conversation, at: entry.position) }
    do {
      // It may have arrived before anybody waited.
      guard try await hasArrived(entry) else { return }
    } catch {
      // An acknowledgement that comes yet is seen all the same.
      return logger.debug("whether a message has arrived is not known", metadata: ["error": "\(error)"])
    }
    let found = waiters.withLock { $0.reached(entry.position, by: receiver, in: entry.conversation) }
    for waiter in found { waiter() }
  }

  /// Waits until a private message has reached a device of its receiver.
  ///
  /// The acknowledgement comes to the route that the server chooses, which may be another one: the store tells of it.
  ///
  /// - Returns: whether it has, when `limit` is over.
  func waitUntilArrived(_ entry: LogEntry, for limit: Duration) async throws -> Bool {
    let end = ContinuousClock.now + limit
    while true {
      if try await hasArrived(entry) { return true }
      guard ContinuousClock.now + Self.pollPause < end else { return false }
      try await Task.sleep(for: Self.pollPause)
    }
  }
}

extension CursorAdvance {
  /// Nil when a server names no valid device, or nothing new.
  init?(_ session: CimV1.SessionCursors) {
    guard let reference = session.session, reference.userID > 0,
      let device = try? DeviceID(reference.deviceID)
    else { return nil }
    let places = session.cursors.places
    guard !places.isEmpty else { return nil }
    self.init(UserDevice(user: UserID(reference.userID), device: device), to: places)
  }
}

extension LogEntry {
  /// The one for whom it is, in a private conversation.
  var receiver: UserID? {
    guard case .direct(let pair) = conversation else { return nil }
    return pair.peer(of: sender.id)
  }
}
