import Foundation
import Synchronization
import TestSupport

/// A process of clients, which can die and be started again with the same memory.
final class ClientHost: Sendable {
  private struct State {
    var process: ChildProcess?
    var lives = 0
    var rate = 0.0
  }

  let id: String
  let names: [String]
  private let routes: [Int]
  private let seed: UInt64
  private let logLevel: String
  private let directory: RunDirectory
  private let state = Mutex(State())

  init(
    id: String, names: [String], routes: [Int], seed: UInt64, logLevel: String, directory: RunDirectory
  ) {
    self.id = id
    self.names = names
    self.routes = routes
    self.seed = seed
    self.logLevel = logLevel
    self.directory = directory
  }

  /// Whether it is to run.
  var isUp: Bool { self.state.withLock { $0.process != nil } }

  var process: ChildProcess? { self.state.withLock { $0.process } }

  /// Starts it; its clients connect by themselves.
  func start() throws {
    let rate = try self.state.withLock { state in
      state.lives += 1
      state.process = try ChildProcess(
        Command(
          Repository.product("cim-chaos"),
          ["client", "--directory", self.directory.path, "--seed", "\(self.seed &+ UInt64(state.lives))"]
            + ["--log-level", self.logLevel]
            + self.routes.flatMap { ["--route", "127.0.0.1:\($0)"] } + self.names,
          streams: .logged(to: self.directory.log(of: self.id, life: state.lives))))
      return state.rate
    }
    if rate > 0 { try self.tell(.rate(rate)) }
  }

  func tell(_ order: ClientOrder) throws {
    let line = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
    try self.process?.write(line + "\n")
  }

  /// Has its clients send that many messages a second each, also after it is started again.
  func setRate(_ rate: Double) throws {
    self.state.withLock { $0.rate = rate }
    try self.tell(.rate(rate))
  }

  func kill() async throws {
    guard let process = self.state.withLock({ $0.process.take() }) else { return }
    process.kill()
    try await process.waitUntilExit()
  }

  /// Has all its clients leave in good order.
  func quit() async throws {
    try self.tell(.quit)
    guard let process = self.state.withLock({ $0.process.take() }) else { return }
    let exit = try await process.waitUntilExit(within: .seconds(40))
    guard exit == .code(0) else { throw RunError("\(self.id) ended with \(exit); see its log") }
  }

  func signal(_ number: Int32) { self.process?.signal(number) }
}
