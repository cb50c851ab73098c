import Synchronization

/// What happened, in order; tests wait until it is what they expect.
final class Journal<Entry: Sendable>: Sendable {
  private struct Waiter {
    let isMet: @Sendable ([Entry]) -> Bool
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State {
    var entries: [Entry] = []
    var waiters: [Int: Waiter] = [:]
    var waits = 0
  }

  private let state = Mutex(State())

  var entries: [Entry] { state.withLock { $0.entries } }

  func append(_ entry: Entry) {
    let met = state.withLock { state in
      state.entries.append(entry)
      let met = state.waiters.filter { $0.value.isMet(state.entries) }
      for id in met.keys { state.waiters[id] = nil }
      return met.values.map(\.continuation)
    }
    for continuation in met { continuation.resume() }
  }

  /// Waits until `isMet` holds of what has happened; throws when the task is cancelled.
  func wait(until isMet: @escaping @Sendable ([Entry]) -> Bool) async throws {
    let id = state.withLock { state in
      state.waits += 1
      return state.waits
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if isMet(state.entries) { return .success(()) }
          if Task.isCancelled { return .failure(CancellationError()) }
          state.waiters[id] = Waiter(isMet: isMet, continuation: continuation)
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }
}
