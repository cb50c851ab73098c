import Synchronization

/// Elements from any task for one that takes them, all that have come together at once.
final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var isFinished = false
    var waiter: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())

  /// Adds an element.
  ///
  /// - Returns: false after the end: nobody takes it.
  func post(_ element: Element) -> Bool {
    let (isTaken, waiter) = self.state.withLock { state in
      guard !state.isFinished else { return (false, CheckedContinuation<Void, Never>?.none) }
      state.elements.append(element)
      return (true, state.waiter.take())
    }
    waiter?.resume()
    return isTaken
  }

  /// Waits for elements, and takes all of them, in the order in which they were added. Empty after the end.
  func next() async -> [Element] {
    await withCheckedContinuation { continuation in
      let isThere = self.state.withLock { state in
        if !state.elements.isEmpty || state.isFinished { return true }
        state.waiter = continuation
        return false
      }
      if isThere { continuation.resume() }
    }
    return self.state.withLock { state in
      defer { state.elements = [] }
      return state.elements
    }
  }

  /// Nothing can be added any more. What was added before is still taken.
  func finish() {
    let waiter = self.state.withLock { state in
      state.isFinished = true
      return state.waiter.take()
    }
    waiter?.resume()
  }
}
