import Foundation
import TestSupport
import Testing

/// The cases of http2_cases.py, which runs once for all.
@Suite("HTTP/2: RFC 9113 and RFC 7541", .timeLimit(.minutes(1)))
struct ProtocolCaseTests {
  private struct Result: Decodable {
    let section: String
    let rule: String
    let failure: String?
  }

  @Test("The server holds every rule")
  func rules() async throws {
    let server = try await AttackedProcess(["--max-streams", "100"])
    let client = try ChildProcess(Repository.python("http2_cases.py", "\(server.port)"))
    #expect(try await client.waitUntilExit(within: .seconds(50)) == .code(0), "\(client.errors.text)")
    let results = try client.output.text.split(separator: "\n").map {
      try JSONDecoder().decode(Result.self, from: Data($0.utf8))
    }
    for result in results {
      #expect(result.failure == nil, "\(result.section): \(result.rule)")
    }
    // A program that ran no case would fail none.
    #expect(results.count > 140)
    print("HTTP/2: \(results.count { $0.failure == nil }) of \(results.count) cases hold")
  }
}
