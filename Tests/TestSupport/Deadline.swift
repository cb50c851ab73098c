/// What a test waited for did not come in time.
public struct DeadlineExceeded: Error, CustomStringConvertible {
  /// What was awaited, and what was seen instead.
  public let description: String

  public init(_ description: String) { self.description = description }
}

/// Runs `operation` and cancels it when it takes longer than `limit`.
///
/// - Parameters:
///   - limit: How long the operation may take.
///   - what: Names what is awaited; evaluated when the deadline has passed, so it can show what was seen.
/// - Throws: `DeadlineExceeded`, or what the operation throws. The operation must heed cancellation.
public func withDeadline<Result: Sendable>(
  _ limit: Duration, _ what: @autoclosure @Sendable () -> String,
  _ operation: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  let first = try await withThrowingTaskGroup(of: Result?.self) { group in
    group.addTask { try await operation() }
    group.addTask {
      try await Task.sleep(for: limit)
      return nil
    }
    defer { group.cancelAll() }
    return try await group.next() ?? nil
  }
  guard let first else { throw DeadlineExceeded("not within \(limit): \(what())") }
  return first
}

/// Waits until `condition` holds, for what announces no event: it is asked every 20 ms.
///
/// Prefer to await an event (a line of output, an element of a sequence) wherever there is one.
///
/// - Throws: `DeadlineExceeded` naming `what`, or what the condition throws.
public func eventually(
  within limit: Duration = .seconds(10), _ what: @autoclosure @Sendable () -> String,
  _ condition: () async throws -> Bool
) async throws {
  let deadline = ContinuousClock.now + limit
  while try await !condition() {
    guard ContinuousClock.now < deadline else {
      throw DeadlineExceeded("not within \(limit): \(what())")
    }
    try await Task.sleep(for: .milliseconds(20))
  }
}
