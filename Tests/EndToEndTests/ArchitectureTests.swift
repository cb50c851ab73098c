import Foundation
import TestSupport
import Testing

@Suite struct ArchitectureTests {
  @Test("Every test that ARCHITECTURE.md names is there, in the suite that it names")
  func namedTests() throws {
    let text = try Repository.text(of: "ARCHITECTURE.md")
    let named = text.matches(of: /\| `([A-Za-z]+Tests)`: (.+) \|\n/)
    #expect(named.count > 20)
    let files = try #require(FileManager.default.enumerator(atPath: "\(Repository.root)/Tests"))
      .compactMap { $0 as? String }.filter { $0.hasSuffix("Tests.swift") }
    for match in named {
      let (suite, name) = (String(match.1), String(match.2))
      let isThere = try files.filter { $0.hasSuffix("/\(suite).swift") }.contains {
        try Repository.text(of: "Tests/\($0)").contains(name)
      }
      #expect(isThere, "\(suite) has no test \"\(name)\"")
    }
  }
}
