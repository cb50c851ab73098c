import CIMCore
import Logging

/// Does what must be done in a store sooner or later, also when the store is away at the moment.
struct Persistence: Sendable {
  /// How often a thing is tried.
  var attempts = 60
  /// How long to wait between two tries.
  var pause = Duration.seconds(1)
  let logger: Logger

  /// Begins to do `work`, and does it again until it succeeds: it must be right to do twice.
  func attempt(_ purpose: String, _ work: @escaping @Sendable () async throws(StoreError) -> Void) {
    Task { await self.run(purpose, work) }
  }

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
