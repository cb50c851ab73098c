import Foundation
import TestSupport
import Testing

/// The parts of the benchmarks: that they measure, not what they measure.
@Suite("ngrpc-bench", .timeLimit(.minutes(1)))
struct BenchTests {
  private struct Outcome: Decodable {
    var units: Int
    var seconds: Double
    var median: Double?
    var p99: Double?
  }

  /// Runs phases of the load on two connections.
  private func load(
    port: Int, _ phases: [String], options: [String] = []
  ) async throws -> (exit: ChildProcess.Exit, outcomes: [Outcome], errors: String) {
    let arguments = ["load", "--port", "\(port)", "--connections", "2"] + options
    let load = try ChildProcess(Command(Repository.product("ngrpc-bench"), arguments))
    try load.write(phases.joined(separator: "\n") + "\n")
    load.closeInput()
    let exit = try await load.waitUntilExit(within: .seconds(30))
    try await load.output.waitUntilComplete()
    let outcomes = try load.output.text.split(separator: "\n").map {
      try JSONDecoder().decode(Outcome.self, from: Data($0.utf8))
    }
    return (exit, outcomes, load.errors.text)
  }

  private func serve(_ options: [String]) async throws -> (process: ChildProcess, port: Int) {
    let server = try ChildProcess(Command(Repository.product("ngrpc-bench"), ["serve"] + options))
    let line = try await server.output.line(containing: "listening on ", within: .seconds(30))
    return (server, try #require(line.split(separator: ":").last.flatMap { Int($0) }))
  }

  @Test(
    "A load does all that it is told, on every kind of server",
    arguments: [[], ["--suspend"], ["--below-async"], ["--threads", "2"]])
  func phases(options: [String]) async throws {
    let server = try await serve(options)
    let phases = [
      #"{"kind": "connect"}"#,
      #"{"kind": "open", "streams": 3}"#,
      #"{"kind": "echo", "each": 5, "window": 2, "bytes": 70000}"#,
      #"{"kind": "unary", "each": 4, "streams": 10, "bytes": 0}"#,
      #"{"kind": "download", "each": 2, "batch": 7, "bytes": 30000}"#,
      #"{"kind": "upload", "each": 2, "batch": 9, "bytes": 30000}"#,
    ]
    let (exit, outcomes, errors) = try await load(port: server.port, phases)
    #expect(exit == .code(0), "\(errors)")
    #expect(outcomes.map(\.units) == [2, 6, 30, 80, 28, 36])
    for outcome in outcomes.prefix(4) {
      let median = try #require(outcome.median)
      let p99 = try #require(outcome.p99)
      #expect(0 < median && median <= p99 && p99 <= outcome.seconds * 1e6)
    }
    #expect(outcomes.suffix(2).allSatisfy { $0.median == nil })
  }

  @Test("A phase that is limited in time ends in time")
  func duration() async throws {
    let server = try await serve([])
    let (exit, outcomes, errors) = try await load(
      port: server.port, [#"{"kind": "open", "streams": 1}"#, #"{"kind": "echo", "seconds": 0.2}"#])
    #expect(exit == .code(0), "\(errors)")
    let echo = try #require(outcomes.last)
    #expect(echo.units > 0)
    #expect(echo.seconds >= 0.2 && echo.seconds < 10)
  }

  @Test("Over TLS it is the same")
  func tls() async throws {
    let certificates = try await TestCertificates.shared
    let server = try await serve([
      "--tls-certificate", certificates.certificate("server"), "--tls-key", certificates.key("server"),
    ])
    let (exit, outcomes, errors) = try await load(
      port: server.port, [#"{"kind": "open", "streams": 2}"#, #"{"kind": "unary", "each": 3}"#],
      options: ["--tls"])
    #expect(exit == .code(0), "\(errors)")
    #expect(outcomes.map(\.units) == [4, 6])
  }

  @Test("A load that can't be done is told by the exit status and a reason")
  func failures() async throws {
    let unreachable = try await load(port: freePort(), [#"{"kind": "connect"}"#])
    #expect(unreachable.exit == .code(1))
    #expect(unreachable.errors.contains("UNAVAILABLE"))
    let server = try await serve([])
    let closed = try await load(port: server.port, [#"{"kind": "echo", "each": 1}"#])
    #expect(closed.exit == .code(1))
    #expect(closed.errors.contains("no echo stream is open"))
    let unknown = try await load(port: server.port, [#"{"kind": "juggle"}"#])
    #expect(unknown.exit == .code(1))
    #expect(unknown.errors.contains("juggle"))
  }
}
