import Synchronization

/// Events on their way to the application. Appending never waits, so that a slow application never stops the connection.
final class EventQueue: Sendable {
  typealias Event = ChatClient.Event

  private struct State {
    var buffer: EventBuffer
    var isFinished = false
    var waiter: CheckedContinuation<Event?, Never>?
  }

  private let state: Mutex<State>

  /// Creates a queue for at most `limit` messages.
  init(limit: Int) {
    self.state = Mutex(State(buffer: EventBuffer(limit: limit)))
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
        // Outer nil: there is nothing yet.
        let immediate: Event?? = self.state.withLock { state in
          if let event = state.buffer.popFirst() { return .some(event) }
          if state.isFinished || Task.isCancelled { return .some(nil) }
          precondition(state.waiter == nil, "ChatClient.events has one consumer at a time")
          state.waiter = continuation
          return nil
        }
        if let immediate { continuation.resume(returning: immediate) }
      }
    } onCancel: {
      self.state.withLock { $0.waiter.take() }?.resume(returning: nil)
    }
  }
}
