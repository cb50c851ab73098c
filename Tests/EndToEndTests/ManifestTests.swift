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
}
