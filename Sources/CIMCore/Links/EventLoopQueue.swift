import NIOCore
import Synchronization

/// Carries elements from any thread to one event loop: in the order in which they were pushed, whichever threads they
/// came from, and with one wake-up of the loop for all that are waiting.
package final class EventLoopQueue<Element: Sendable>: Sendable {
  private struct State {
    var waiting: [Element] = []
    var isScheduled = false
    var consumer: (@Sendable ([Element]) -> Void)?
    var isClosed = false
  }

  /// The loop on which the consumer is called.
  package let eventLoop: any EventLoop
  private let state = Mutex(State())

  /// Creates a queue. What is pushed waits until `open` names the consumer.
  package init(eventLoop: any EventLoop) {
    self.eventLoop = eventLoop
  }

  /// Names who gets the elements: called on the event loop with all that wait, at least one.
  package func open(_ consumer: @escaping @Sendable ([Element]) -> Void) {
    let mustSchedule = state.withLock { state in
      guard !state.isClosed else { return false }
      state.consumer = consumer
      guard !state.waiting.isEmpty, !state.isScheduled else { return false }
      state.isScheduled = true
      return true
    }
    if mustSchedule { schedule() }
  }

  /// Passes an element on.
  ///
  /// - Returns: false when the queue is closed and the element was not taken.
  package func push(_ element: Element) -> Bool {
    let (isTaken, mustSchedule) = state.withLock { state in
      guard !state.isClosed else { return (false, false) }
      state.waiting.append(element)
      guard state.consumer != nil, !state.isScheduled else { return (true, false) }
      state.isScheduled = true
      return (true, true)
    }
    if mustSchedule { schedule() }
    return isTaken
  }

  /// Takes no more elements and lets the consumer go.
  ///
  /// - Returns: what was pushed and has not reached the consumer.
  package func close() -> [Element] {
    state.withLock { state in
      state.isClosed = true
      state.consumer = nil
      defer { state.waiting = [] }
      return state.waiting
    }
  }

  private func schedule() {
    // Also on the loop itself: what runs there now may have been reached by elements that were pushed before.
    eventLoop.execute {
      let (consumer, elements) = self.state.withLock { state in
        state.isScheduled = false
        defer { state.waiting = [] }
        return (state.consumer, state.waiting)
      }
      if let consumer, !elements.isEmpty { consumer(elements) }
    }
  }
}
