import Synchronization

/// A value that changes, and any number of readers who follow it. A slow reader misses what lies between.
package final class Latest<Value: Sendable>: Sendable {
  private struct State {
    var value: Value?
    var isFinished = false
    var lastReader = 0
    var readers: [Int: AsyncStream<Value>.Continuation] = [:]
  }

  private let state: Mutex<State>

  /// Begins with a value, or with none yet.
  package init(_ value: Value? = nil) {
    self.state = Mutex(State(value: value))
  }

  /// The value that was published last.
  package var value: Value? { self.state.withLock { $0.value } }

  /// Tells all readers a new value. Once finished it does nothing.
  package func publish(_ value: Value) {
    self.state.withLock { state in
      guard !state.isFinished else { return }
      state.value = value
      // Under the lock, so that readers see values in the order in which they were published. Yielding calls nothing
      // of ours back.
      for reader in state.readers.values { reader.yield(value) }
    }
  }

  /// Tells all readers a value that is another than the last.
  package func publishChange(_ value: Value) where Value: Equatable {
    if self.value != value { self.publish(value) }
  }

  /// Ends all sequences. The value stays.
  package func finish() {
    let readers = self.state.withLock { state in
      state.isFinished = true
      defer { state.readers = [:] }
      return state.readers
    }
    // Outside the lock: finishing calls the termination handler, which takes it.
    for reader in readers.values { reader.finish() }
  }

  /// The current value, if there is one, and each later one.
  package func values() -> AsyncStream<Value> {
    let (stream, reader) = AsyncStream.makeStream(of: Value.self, bufferingPolicy: .bufferingNewest(1))
    let id = self.state.withLock { state -> Int? in
      if let value = state.value { reader.yield(value) }
      guard !state.isFinished else { return nil }
      state.lastReader += 1
      state.readers[state.lastReader] = reader
      return state.lastReader
    }
    guard let id else {
      reader.finish()
      return stream
    }
    reader.onTermination = { [weak self] _ in
      self?.state.withLock { state in state.readers[id] = nil }
    }
    return stream
  }
}
