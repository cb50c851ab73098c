import Foundation
import TestSupport
import Testing

@Suite("Hostile compressed messages", .timeLimit(.minutes(2)))
struct CompressionAttackTests {
  @Test(
    "Memory stays bounded, and the server lives on",
    arguments: ["bombs", "flood", "half_open", "malformed", "negotiation"])
  func attack(name: String) async throws {
    let server = try await InteropServer.ours()
    #expect(try await runClient("large_unary", port: server.port).exit == .code(0))
    let before = try residentBytes("VmRSS", of: server.process.id)

    let attacker = try ChildProcess(Repository.python("compression_attacks.py", "\(server.port)", name))
    do {
      try await attacker.output.line(containing: "attacked", within: .seconds(60))
    } catch {
      Issue.record("\(attacker.errors.text)")
      throw error
    }
    let growth = try residentBytes("VmHWM", of: server.process.id) - before
    print("\(name): the server's resident memory grew by \(growth >> 10) KiB at most")
    #expect(growth < 64 << 20)

    // While the attacker is still there.
    #expect(try await runClient("all", port: server.port).exit == .code(0))
    attacker.closeInput()
    #expect(try await attacker.waitUntilExit() == .code(0), "\(attacker.errors.text)")
  }
}

/// A number of bytes that Linux tells of a process: `VmRSS` is what is in RAM now, `VmHWM` the most that ever was.
private func residentBytes(_ field: String, of process: pid_t) throws -> Int {
  let status = try String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)
  let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("\(field):") })
  return try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) }) * 1024
}
