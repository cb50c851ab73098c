import Foundation
import TestSupport
import Testing

@Suite struct ManifestTests {
  @Test("Every manifest is valid by the schemas of Kubernetes", arguments: ["base", "overlays/local"])
  func valid(folder: String) async throws {
    let validation = try ChildProcess(Repository.python("manifests.py", "validate", "k8s/\(folder)"))
    #expect(
      try await validation.waitUntilExit(within: .seconds(60)) == .code(0),
      "\(validation.output.text)\(validation.errors.text)")
    #expect(validation.output.text.contains("objects"))
  }

  @Test("Every setting in the manifests is one that the program reads", arguments: ["route", "server"])
  func settings(subcommand: String) async throws {
    let listing = try ChildProcess(Repository.python("manifests.py", "settings", "k8s/base"))
    #expect(try await listing.waitUntilExit(within: .seconds(60)) == .code(0), "\(listing.errors.text)")
    let given = try JSONDecoder().decode([String: [String]].self, from: Data(listing.output.text.utf8))

    let help = try ChildProcess(Command(Repository.cim, [subcommand, "--help"]))
    #expect(try await help.waitUntilExit() == .code(0))
    let known = Set(help.output.text.matches(of: /CIM_[A-Z_]+/).map { String($0.output) })
    for variable in try #require(given[subcommand]) {
      #expect(known.contains(variable), "cim \(subcommand) does not know \(variable)")
    }
  }
}
