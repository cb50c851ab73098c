import CIMCore
import Logging

/// Does what must be done in a store sooner or later, also when the store is away at the moment.
final class Persistence: Sendable {
  /// How often a thing is tried.
  private let attempts: Int
  /// How long to wait between two tries.
  private let pause: Duration
  private let logger: Logger
  private let activity = Activity()

  init(attempts: Int = 60, pause: Duration = .seconds(1), logger: Logger) {
    self.attempts = attempts
    self.pause = pause
    self.logger = logger
  }

  /// Begins to do `work`, and does it again until it succeeds: it must be right to do twice.
  func attempt(_ purpose: String, _ work: @escaping @Sendable () async throws(StoreError) -> Void) {
    activity.begin()
    Task {
      await self.run(purpose, work)
      self.activity.end()
    }
  }

  /// Returns when nothing is left to do.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  private func run(_ purpose: String, _ work: @Sendable () async throws(StoreError) -> Void) async {
    for attempt in 1...attempts {
      do {
        return try await work()
      } catch {
        logger.log(
          level: attempt == attempts ? .error : .debug, "could not \(purpose)",
          metadata: ["attempt": "\(attempt)", "error": "\(error)"])
      }
      do { try await Task.sleep(for: pause) } catch { return }
    }
  }
}
