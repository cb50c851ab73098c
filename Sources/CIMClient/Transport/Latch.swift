import Synchronization

/// Opens once, for good or with an error; any number of tasks wait for it.
final class Latch<Failure: Error>: Sendable {
  private struct State {
    var result: Result<Void, Failure>?
    var waiters: [UInt64: CheckedContinuation<Void, any Error>] = [:]
    var nextWaiter: UInt64 = 0
  }

  private let state = Mutex(State())

  /// Opens it. Only the first call counts.
  func open(_ result: Result<Void, Failure>) {
    let waiters = self.state.withLock { state in
      guard state.result == nil else { return [CheckedContinuation<Void, any Error>]() }
      state.result = result
      defer { state.waiters.removeAll() }
      return Array(state.waiters.values)
    }
    for waiter in waiters { waiter.resume(with: result.mapError { $0 as any Error }) }
  }

  /// Waits until it is open.
  ///
  /// - Throws: what it was opened with; `CancellationError` when the task is cancelled.
  func wait() async throws {
    let id = self.state.withLock { state in
      state.nextWaiter += 1
      return state.nextWaiter
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let result: Result<Void, any Error>? = self.state.withLock { state in
          if let result = state.result { return result.mapError { $0 as any Error } }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters[id] = continuation
          return nil
        }
        if let result { continuation.resume(with: result) }
      }
    } onCancel: {
      self.state.withLock { $0.waiters.removeValue(forKey: id) }?.resume(throwing: CancellationError())
    }
  }
}
