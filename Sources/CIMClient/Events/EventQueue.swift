import Synchronization

/// Events on their way to the application. Appending never waits; what is received is appended only as far as there is room.
final class EventQueue: Sendable {
  typealias Event = ChatClient.Event

  private struct State {
    var buffer = EventBuffer()
    var isFinished = false
    var waiter: CheckedContinuation<Event?, Never>?
  }

  private let limit: Int
  private let hasRoomAgain: @Sendable () -> Void
  private let state = Mutex(State())

  /// Creates a queue.
  ///
  /// - Parameters:
  ///   - limit: How many received events may wait; 0: there is room for one while somebody waits for it.
  ///   - hasRoomAgain: Called when there is room after there was none.
  init(limit: Int, hasRoomAgain: @escaping @Sendable () -> Void) {
    self.limit = limit
    self.hasRoomAgain = hasRoomAgain
  }

  /// For how many received events there is room.
  var room: Int {
    self.state.withLock { state in
      if state.isFinished { return 0 }
      return self.limit > 0 ? max(0, self.limit - state.buffer.received) : state.waiter == nil ? 0 : 1
    }
  }

  func append(_ event: Event) {
    let waiter: CheckedContinuation<Event?, Never>? = self.state.withLock { state in
      guard !state.isFinished else { return nil }
      if let waiter = state.waiter.take() { return waiter }
      state.buffer.append(event)
      return nil
    }
    waiter?.resume(returning: event)
  }

  /// No event follows. What waits can still be taken.
  func finish() {
    let waiter = self.state.withLock { state in
      state.isFinished = true
      return state.waiter.take()
    }
    waiter?.resume(returning: nil)
  }

  /// The next event; `nil` after the last one, and when the task is cancelled.
  func next() async -> Event? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (immediate, isWanted) = self.state.withLock { self.take(&$0, continuation) }
        if let immediate { continuation.resume(returning: immediate) }
        if isWanted { self.hasRoomAgain() }
      }
    } onCancel: {
      self.state.withLock { $0.waiter.take() }?.resume(returning: nil)
    }
  }

  /// - Returns: what to answer at once, if anything (inner nil: the end), and whether there is room that was not there before.
  private func take(
    _ state: inout State, _ continuation: CheckedContinuation<Event?, Never>
  ) -> (immediate: Event??, isWanted: Bool) {
    let wasFull = state.buffer.received >= self.limit
    if let event = state.buffer.popFirst() {
      return (.some(event), self.limit > 0 && wasFull && state.buffer.received < self.limit)
    }
    if state.isFinished || Task.isCancelled { return (.some(nil), false) }
    precondition(state.waiter == nil, "ChatClient.events has one consumer at a time")
    state.waiter = continuation
    return (nil, self.limit == 0)
  }
}
