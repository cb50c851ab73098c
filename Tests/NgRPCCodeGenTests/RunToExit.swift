import TestSupport

/// Runs a program to its end.
///
/// - Returns: its exit, and what it wrote to standard error.
func run(_ command: Command) async throws -> (exit: ChildProcess.Exit, errors: String) {
  let process = try ChildProcess(command)
  let exit = try await process.waitUntilExit(within: .seconds(60))
  return (exit, process.errors.text)
}
