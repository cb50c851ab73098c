import Synchronization

/// The replication id of the server that was reached last, for any number of readers who follow it. A slow reader misses
/// what lies between.
final class ReplicationID: Sendable {
  private struct State {
    var id: String?
    var lastReader = 0
    var readers: [Int: AsyncStream<String>.Continuation] = [:]
  }

  private let state = Mutex(State())

  deinit {
    for reader in state.withLock({ $0.readers }).values { reader.finish() }
  }

  /// Takes note of what a server said; readers are told when it is another than before.
  func observe(_ info: ReplicationInfo) {
    guard let id = info.id else { return }
    state.withLock { state in
      guard state.id != id else { return }
      state.id = id
      // Under the lock, so that readers see ids in the order in which they were observed. Yielding calls nothing of ours
      // back.
      for reader in state.readers.values { reader.yield(id) }
    }
  }

  /// The id, if one is known, and each later one.
  func values() -> AsyncStream<String> {
    let (stream, reader) = AsyncStream.makeStream(of: String.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state in
      if let id = state.id { reader.yield(id) }
      state.lastReader += 1
      state.readers[state.lastReader] = reader
      return state.lastReader
    }
    reader.onTermination = { [weak self] _ in
      self?.state.withLock { $0.readers[number] = nil }
    }
    return stream
  }
}
