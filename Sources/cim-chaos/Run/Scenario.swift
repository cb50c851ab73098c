import ArgumentParser
import TestSupport
import UnixSignals

/// What all scenarios share: a directory that is kept after a failure, and an end in good order when somebody interrupts.
enum Scenario {
  /// Runs a scenario to its end.
  ///
  /// - Parameter body: Returns whether all was well.
  /// - Throws: `ExitCode` when it was not.
  static func run(
    _ name: String, _ options: StageOptions, _ body: @escaping @Sendable (RunDirectory) async throws -> Bool
  ) async throws {
    Report.begin()
    let directory = try RunDirectory(name: "\(name)-\(options.seed)")
    let isGood: Bool
    do {
      isGood = try await self.untilInterrupted { try await body(directory) }
    } catch is CancellationError {
      directory.remove()
      throw ExitCode(130)
    } catch {
      Report.text("FAILED, seed \(options.seed): \(error)\nkept: \(directory.path)")
      throw ExitCode.failure
    }
    Report.text(isGood ? "PASSED, seed \(options.seed)" : "FAILED, seed \(options.seed)")
    if isGood && !options.keep {
      directory.remove()
    } else {
      Report.text("kept: \(directory.path)")
    }
    if !isGood { throw ExitCode.failure }
  }

  /// Children die with their last reference, whether the body ends well, fails or is cancelled.
  private static func untilInterrupted(_ body: @escaping @Sendable () async throws -> Bool) async throws
    -> Bool
  {
    let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm, .sighup)
    return try await withThrowingTaskGroup { group in
      group.addTask { try await body() }
      group.addTask {
        for await _ in signals { throw CancellationError() }
        throw CancellationError()
      }
      defer { group.cancelAll() }
      return try await group.next() ?? false
    }
  }
}
