import Synchronization

/// Bounds how many received frames there are in the client: whoever reads waits while there are too many, and so, by the flow
/// control of the connection, does the service.
final class ReadWindow: Sendable {
  private struct State {
    var occupied = 0
    var isClosed = false
    var waiters: [CheckedContinuation<Void, Never>] = []

    func isFull(_ limit: Int) -> Bool { !self.isClosed && self.occupied > limit }
  }

  private let limit: Int
  private let state = Mutex(State())

  /// - Parameter limit: How many frames there may be before reading stops; each reader has one more.
  init(limit: Int) {
    self.limit = limit
  }

  /// A frame has come: it counts, and the caller is not to read on before this returns.
  func enter() async {
    let isFull = self.state.withLock { state in
      state.occupied += 1
      return state.isFull(self.limit)
    }
    guard isFull else { return }
    await withCheckedContinuation { continuation in
      let isFull = self.state.withLock { state in
        guard state.isFull(self.limit) else { return false }
        state.waiters.append(continuation)
        return true
      }
      if !isFull { continuation.resume() }
    }
  }

  /// Frames are done with.
  func leave(_ count: Int) {
    self.change { $0.occupied -= count }
  }

  /// Nobody waits any more.
  func close() {
    self.change { $0.isClosed = true }
  }

  private func change(_ change: (inout State) -> Void) {
    let waiters = self.state.withLock { state in
      change(&state)
      guard !state.isFull(self.limit) else { return [CheckedContinuation<Void, Never>]() }
      defer { state.waiters.removeAll() }
      return state.waiters
    }
    for waiter in waiters { waiter.resume() }
  }
}
