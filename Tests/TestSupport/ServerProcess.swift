import Foundation
import Synchronization

/// A third-party server that a test starts, stops and starts again on the same port.
final class ServerProcess: Sendable {
  let port: Int
  private let command: Command
  private let isReady: @Sendable () -> Bool
  private let process: Mutex<ChildProcess>

  /// Starts the server and waits until `isReady` says so.
  ///
  /// - Parameters:
  ///   - command: Makes the command for a port.
  ///   - isReady: Asks the server on a port whether it is ready.
  init(
    command: (_ port: Int) throws -> Command, isReady: @escaping @Sendable (_ port: Int) -> Bool
  ) async throws {
    // A port that was free may be taken a moment later, and the server then ends at once: another is tried.
    var attempt = 1
    while true {
      let port = try freePort()
      let command = try command(port)
      do {
        let process = try await Self.launch(command) { isReady(port) }
        self.port = port
        self.command = command
        self.isReady = { isReady(port) }
        self.process = Mutex(process)
        return
      } catch  where attempt < 3 {
        attempt += 1
      }
    }
  }

  /// The running process, or the last one.
  var current: ChildProcess { process.withLock { $0 } }

  /// Starts the server again, on the same port and data; it must have ended.
  func start() async throws {
    let started = try await Self.launch(command, isReady: isReady)
    process.withLock { $0 = started }
  }

  private static func launch(
    _ command: Command, isReady: @escaping @Sendable () -> Bool
  ) async throws -> ChildProcess {
    let process = try ChildProcess(command)
    try await eventually(
      within: .seconds(30),
      "\(command.executable) ready; it wrote:\n\(process.output.text)\n\(process.errors.text)"
    ) {
      guard process.isRunning else {
        throw ServerEnded(
          description: "\(command.executable) ended at once:\n\(process.output.text)\n\(process.errors.text)")
      }
      return isReady()
    }
    return process
  }
}

/// A server ended before it was ready.
struct ServerEnded: Error, CustomStringConvertible {
  let description: String
}
