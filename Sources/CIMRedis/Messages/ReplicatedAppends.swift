import Redis
import Synchronization

/// Runs appends in batches, each with one `WAIT` for all of it: what comes while a batch waits is the next one.
final class ReplicatedAppends: Sendable {
  typealias Answer = (reply: Result<RedisValue, RedisError>, isReplicated: Bool)

  private struct Waiting {
    let call: RedisScript.Call
    let continuation: CheckedContinuation<Answer, Never>
  }

  private struct State {
    var waiting: [Waiting] = []
    var isRunning = false
  }

  /// How many appends go together at most: one that waits for its turn waits for few `WAIT`s.
  private static let maximumBatch = 256

  private let replication: RedisReplication
  private let state = Mutex(State())

  init(_ replication: RedisReplication) { self.replication = replication }

  /// Runs the append script, and waits for replicas. It is not cut short by cancellation: it ends with the batch, which
  /// takes no longer than its replies and the wait for replicas.
  func run(_ call: RedisScript.Call) async -> Answer {
    await withCheckedContinuation { continuation in
      let mustStart = state.withLock { state in
        state.waiting.append(Waiting(call: call, continuation: continuation))
        defer { state.isRunning = true }
        return !state.isRunning
      }
      if mustStart { Task { await self.runBatches() } }
    }
  }

  private func runBatches() async {
    while let batch = nextBatch() {
      let wait = RedisCommand("WAIT", replication.replicas, replication.timeoutMilliseconds)
      let (replies, waited) = await replication.client.run(batch.map(\.call), then: wait)
      let isReplicated = hasEnoughReplicas(waited)
      for (waiting, reply) in zip(batch, replies) {
        waiting.continuation.resume(returning: (reply, isReplicated))
      }
    }
  }

  private func nextBatch() -> [Waiting]? {
    state.withLock { state in
      guard !state.waiting.isEmpty else {
        state.isRunning = false
        return nil
      }
      let batch = Array(state.waiting.prefix(Self.maximumBatch))
      state.waiting.removeFirst(batch.count)
      return batch
    }
  }

  /// An answer to `WAIT` that is lost or is no number says nothing of replicas.
  private func hasEnoughReplicas(_ waited: Result<RedisValue, RedisError>) -> Bool {
    guard case .success(.integer(let count)) = waited else { return false }
    return count >= replication.replicas
  }
}
