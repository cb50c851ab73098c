import Foundation
import NgRPC
import NgRPCProtos
import Synchronization
import TestSupport

/// `cim route` or `cim server`, which can die and be started again; others reach it through relays, if it has any.
final class CimNode: Sendable {
  enum Role: String, Sendable { case route, server }

  private struct State {
    var process: ChildProcess?
    var lives = 0
    var started = ContinuousClock.now
    var binary: String
  }

  /// For how long a process may still be starting.
  private static let youth: Duration = .seconds(5)

  let id: String
  let role: Role
  /// In front of the port for clients, and of a server's port for routes.
  let clientRelay = Relay()
  let pushRelay = Relay()
  /// Where clients reach it.
  let clientPort: Int

  private let ports: [Int]
  private let environment: [String: String]
  private let directory: RunDirectory
  private let state: Mutex<State>

  init(
    _ role: Role, id: String, binary: String, environment: [String: String], directory: RunDirectory,
    hasRelays: Bool
  ) async throws {
    let ports = [try freePort(), try freePort()]
    let clientPort = hasRelays ? try await self.clientRelay.start(to: ports[0]) : ports[0]
    var environment = environment
    let key = "CIM_\(role.rawValue.uppercased())"
    environment["\(key)_ID"] = id
    environment["\(key)_LISTEN"] = "127.0.0.1:\(ports[0])"
    environment["\(key)_ADVERTISE"] = "127.0.0.1:\(clientPort)"
    if role == .server {
      environment["\(key)_PUSH_LISTEN"] = "127.0.0.1:\(ports[1])"
      let pushPort = hasRelays ? try await self.pushRelay.start(to: ports[1]) : ports[1]
      environment["\(key)_PUSH_ADVERTISE"] = "127.0.0.1:\(pushPort)"
    }
    self.id = id
    self.role = role
    self.clientPort = clientPort
    self.ports = ports
    self.environment = environment
    self.directory = directory
    self.state = Mutex(State(binary: binary))
  }

  /// The process, while there is one.
  var process: ChildProcess? { self.state.withLock { $0.process } }

  /// Where it itself listens.
  var port: Int { self.ports[0] }

  /// Starts it, with a log of its own for each life.
  func start(binary: String? = nil) throws {
    try self.state.withLock { state in
      if let binary { state.binary = binary }
      state.lives += 1
      state.started = .now
      state.process = try ChildProcess(
        Command(
          state.binary, [self.role.rawValue], environment: self.environment,
          streams: .logged(to: self.directory.log(of: self.id, life: state.lives))))
    }
  }

  /// Ends it at once.
  func kill() async throws {
    guard let process = self.state.withLock({ $0.process.take() }) else { return }
    process.kill()
    try await process.waitUntilExit()
  }

  /// Asks it to end, and waits for that.
  ///
  /// - Throws: `DeadlineExceeded` when it has not ended in time, and what is wrong when it ended with an error.
  func stop(within limit: Duration) async throws {
    let (process, started) = self.state.withLock { ($0.process.take(), $0.started) }
    guard let process else { return }
    // A process that has just begun does not know yet how to end in good order, and has nothing to lose.
    let isYoung = ContinuousClock.now - started < Self.youth
    let exit = try await process.stop(within: limit)
    guard exit == .code(0) || (isYoung && exit == .signal(SIGTERM)) else {
      throw RunError("\(self.id) ended with \(exit) when it was asked to stop")
    }
  }

  func signal(_ number: Int32) { self.process?.signal(number) }

  /// Waits until it says that it serves.
  func waitUntilServing(within limit: Duration = .seconds(30)) async throws {
    try await self.withChannel { channel in
      let health = GrpcHealthV1.Health.Client(channel)
      try await eventually(within: limit, "\(self.id) serves; see its log") {
        guard self.process?.isRunning == true else { throw RunError("\(self.id) ended; see its log") }
        let answer = try? await health.check(.init(), options: CallOptions(timeout: .seconds(2)))
        return answer?.status == .serving
      }
    }
  }

  /// Runs `body` with a channel that goes past the relays.
  func withChannel<Result>(_ body: (RPCChannel) async throws -> Result) async throws -> Result {
    let channel = RPCChannel(to: [Endpoint(host: "127.0.0.1", port: self.port)], logger: .silent)
    do {
      let result = try await body(channel)
      await channel.shutdown(within: .zero)
      return result
    } catch {
      await channel.shutdown(within: .zero)
      throw error
    }
  }

  func close() async throws {
    try await self.kill()
    await self.clientRelay.stop()
    await self.pushRelay.stop()
  }
}
