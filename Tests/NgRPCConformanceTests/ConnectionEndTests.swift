import Foundation
import TestSupport
import Testing

/// The ends of connections that the server begins, seen by a client that looks at each frame.
@Suite("How a server ends connections", .timeLimit(.minutes(1)))
struct ConnectionEndTests {
  private static let grace = ["--grace", "400", "--keepalive-timeout", "200"]

  @Test(
    "Keepalive, age and idleness",
    arguments: [
      Attack("keepalive", "1 PING, then closed", server: ["--keepalive-time", "100"] + grace),
      Attack(
        "keepalive_answered", "alive", server: ["--keepalive-time", "100", "--keepalive-timeout", "5000"]),
      Attack(
        "max_age", "last streams [2147483647, 1], echoed", server: ["--max-age", "200", "--grace", "10000"]),
      Attack(
        "max_age_unanswered", "last streams [2147483647, 1], then closed",
        server: ["--max-age", "200"] + grace),
      Attack("max_idle", "2 GOAWAY [0], then closed", server: ["--max-idle", "200"] + grace),
    ])
  func end(_ end: Attack) async throws {
    let server = try await AttackedProcess(end.server)
    let client = try ChildProcess(
      Repository.python("attacks.py", end.name, "\(server.port)", "\(server.process.id)"))
    #expect(try await client.waitUntilExit(within: .seconds(30)) == .code(0), "\(client.errors.text)")
    let told = try JSONDecoder().decode([String: String].self, from: Data(client.output.text.utf8))
    #expect(told["outcome"] == end.outcome)
  }

  @Test("A server that is stopped ends within the grace, whatever its clients hold open")
  func shutdown() async throws {
    let server = try await AttackedProcess(["--grace", "300"])
    let client = try ChildProcess(
      Repository.python("attacks.py", "hold_everything", "\(server.port)", "\(server.process.id)"))
    try await client.output.wait(for: "held", within: .seconds(10))
    server.process.closeInput()
    #expect(try await server.process.waitUntilExit(within: .seconds(10)) == .code(0))
  }
}
