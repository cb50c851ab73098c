import Foundation
import Logging
import NIOCore
import NgRPC
import Synchronization
import TestSupport
import Testing

/// Each attack has a server of its own. One after another: the machine is to be the server's.
@Suite("Hostile clients", .serialized, .timeLimit(.minutes(5)))
struct AttackTests {
  private static let growthBound = 64 << 20
  private static let echo = MethodDescriptor(service: "test.Target", method: "Echo", kind: .unary)

  @Test("The attack ends as it should, in bounded memory, and others are served", arguments: Attack.all)
  func attack(_ attack: Attack) async throws {
    let server = try await AttackedProcess(attack.server, maxFiles: attack.maxFiles)
    let channel = RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: server.port)],
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
    // What a first call allocates is no growth.
    try await call(channel)
    let before = try server.residentBytes()

    let attacker = try ChildProcess(
      Repository.python("attacks.py", attack.name, "\(server.port)", "\(server.process.id)"))
    var callCount = 0
    while attack.servesMeanwhile, attacker.isRunning {
      try await call(channel)
      callCount += 1
      try await Task.sleep(for: .milliseconds(10))
    }
    #expect(try await attacker.waitUntilExit(within: .seconds(60)) == .code(0), "\(attacker.errors.text)")
    let told = try JSONDecoder().decode([String: String].self, from: Data(attacker.output.text.utf8))
    #expect(told["outcome"] == attack.outcome)

    try await call(channel)
    let growth = try server.residentBytes(peak: true) - before
    print("\(attack.name): resident memory grew by \(growth >> 10) KiB; \(callCount) other calls meanwhile")
    #expect(growth < Self.growthBound)
    await channel.shutdown(within: .seconds(5))
    server.process.closeInput()
    #expect(try await server.process.waitUntilExit() == .code(0), "\(server.process.errors.text)")
  }

  private func call(_ channel: RPCChannel) async throws {
    let request = ByteBuffer(string: "still there?")
    let response: ByteBuffer = try await channel.unary(
      Self.echo, request, options: CallOptions(timeout: .seconds(10)))
    #expect(response == request)
  }
}
