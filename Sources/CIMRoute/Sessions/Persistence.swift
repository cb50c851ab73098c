import CIMCore
import DequeModule
import Logging
import Synchronization

/// Does what must be done in a store sooner or later, also when the store is away at the moment: it is never given up while
/// the process lives.
final class Persistence: Sendable {
  private struct Job {
    let purpose: String
    let work: @Sendable () async throws(StoreError) -> Void
  }

  private struct State {
    /// What has failed, to be done again one after the other.
    var backlog: Deque<Job> = []
    var isWorking = false
  }

  /// How long to wait after a failure.
  private let pause: Duration
  private let logger: Logger
  private let activity = Activity()
  private let state = Mutex(State())

  init(pause: Duration = .milliseconds(500), logger: Logger) {
    self.pause = pause
    self.logger = logger
  }

  /// Begins to do `work`, and does it again until it succeeds: it must be right to do twice, and late.
  func attempt(_ purpose: String, _ work: @escaping @Sendable () async throws(StoreError) -> Void) {
    activity.begin()
    Task { await self.first(Job(purpose: purpose, work: work)) }
  }

  /// Returns when nothing is left to do.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  private func first(_ job: Job) async {
    if await succeeds(job) { return activity.end() }
    let mustWork = state.withLock { state in
      state.backlog.append(job)
      defer { state.isWorking = true }
      return !state.isWorking
    }
    if mustWork { await workOff() }
  }

  private func workOff() async {
    while true {
      let job = state.withLock { state in
        let job = state.backlog.popFirst()
        if job == nil { state.isWorking = false }
        return job
      }
      guard let job else { return }
      while await !succeeds(job) { try? await Task.sleep(for: pause) }
      activity.end()
    }
  }

  private func succeeds(_ job: Job) async -> Bool {
    do {
      try await job.work()
      return true
    } catch {
      logger.debug("could not \(job.purpose); trying again", metadata: ["error": "\(error)"])
      return false
    }
  }
}
