import Synchronization

/// A value that changes under a lock and can be awaited until it satisfies a condition.
///
/// Waiting is event-driven: every change re-evaluates the conditions of those who wait.
final class Observed<Value: Sendable>: Sendable {
  private struct Waiter: Sendable {
    let isSatisfied: @Sendable (Value) -> Bool
    let continuation: CheckedContinuation<Void, any Error>
  }

  private struct State: Sendable {
    var value: Value
    var waiters: [Int: Waiter] = [:]
    var cancelled: Set<Int> = []
    var nextID = 0
  }

  private let state: Mutex<State>

  init(_ value: Value) {
    state = Mutex(State(value: value))
  }

  /// The value as it is now.
  var current: Value { state.withLock { $0.value } }

  /// Changes the value and wakes those whose condition now holds.
  func update(_ change: (inout Value) -> Void) {
    let satisfied = state.withLock { state in
      change(&state.value)
      let ids = state.waiters.filter { $0.value.isSatisfied(state.value) }.keys
      return ids.compactMap { state.waiters.removeValue(forKey: $0) }
    }
    for waiter in satisfied { waiter.continuation.resume() }
  }

  /// Suspends until the condition holds; throws `CancellationError` when the task is cancelled.
  func wait(until isSatisfied: @escaping @Sendable (Value) -> Bool) async throws {
    let id = state.withLock { state in
      state.nextID += 1
      return state.nextID
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let outcome: Result<Void, any Error>? = state.withLock { state in
          if state.cancelled.remove(id) != nil { return .failure(CancellationError()) }
          if isSatisfied(state.value) { return .success(()) }
          state.waiters[id] = Waiter(isSatisfied: isSatisfied, continuation: continuation)
          return nil
        }
        if let outcome { continuation.resume(with: outcome) }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        let waiter = state.waiters.removeValue(forKey: id)
        if waiter == nil { state.cancelled.insert(id) }
        return waiter
      }
      waiter?.continuation.resume(throwing: CancellationError())
    }
  }
}
