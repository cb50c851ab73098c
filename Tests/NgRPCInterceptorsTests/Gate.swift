/// Keeps tasks waiting until it is opened, and tells who came and who was cancelled.
final class Gate: Sendable {
  let reached = Journal<Void>()
  let cancelled = Journal<Void>()
  private let opened = Journal<Void>()

  func open() { opened.append(()) }

  /// Waits until the gate is open; throws when the task is cancelled before.
  func pass() async throws {
    reached.append(())
    do {
      try await opened.wait { !$0.isEmpty }
    } catch {
      cancelled.append(())
      throw error
    }
  }
}
