import CIMCore
import TestSupport

/// A call of a store that a test waits for, and that goes on when the test says so.
public final class HeldCall: Sendable {
  enum Stage: Sendable {
    case awaited
    case reached
    case released(StoreError?)
  }

  private let name: String
  private let stage = Latest(Stage.awaited)

  init(_ name: String) { self.name = name }

  /// Waits until the call is there.
  public func reached(within limit: Duration = .seconds(10)) async throws {
    try await withDeadline(limit, "\(self.name) to be called") {
      for await stage in self.stage.values() {
        if case .awaited = stage { continue }
        return
      }
      throw CancellationError()
    }
  }

  /// Lets the call go on; it does not stop when it comes later.
  public func release() { stage.publish(.released(nil)) }

  /// Has the call fail. Held after it has reached the store, it has happened nevertheless.
  public func fail(_ error: StoreError = .unavailable("the store went away, says the test")) {
    stage.publish(.released(error))
  }

  /// Stops the call until it is released. A task that is cancelled meanwhile fails as stores do.
  func stop() async throws(StoreError) {
    if case .awaited = stage.value { stage.publish(.reached) }
    for await stage in stage.values() {
      guard case .released(let error) = stage else { continue }
      if let error { throw error }
      return
    }
    throw StoreError.cancelled("the task was cancelled while the test held its call")
  }
}
