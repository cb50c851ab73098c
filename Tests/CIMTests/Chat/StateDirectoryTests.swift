import CIMCore
import NgRPC
import Testing

@testable import cim

@Suite struct StateDirectoryTests {
  private func path(_ name: String, _ environment: [String: String]) throws -> String? {
    StateDirectory.standard(
      name: try UserName(name),
      routes: [Endpoint(host: "b.example", port: 1), Endpoint(host: "127.0.0.1", port: 7400)],
      environment: environment)
  }

  @Test("It is in XDG_STATE_HOME, or else in the home directory, one for each service and name")
  func base() throws {
    #expect(
      try self.path("ann", ["XDG_STATE_HOME": "/state", "HOME": "/home/ann"])
        == "/state/cim/127.0.0.1:7400/ann")
    for other in ["", "relative"] {
      #expect(
        try self.path("ann", ["XDG_STATE_HOME": other, "HOME": "/home/ann"])
          == "/home/ann/.local/state/cim/127.0.0.1:7400/ann")
    }
    #expect(try self.path("ann", [:]) == nil)
  }

  @Test(
    "No name leads out of its directory, and no two names to the same",
    arguments: [
      ("..", "%2E%2E"), ("../ann", "%2E%2E%2Fann"), ("a%b", "a%25b"), ("ü b", "%C3%BC%20b"), ("a.b", "a.b"),
    ])
  func names(name: String, file: String) {
    #expect(StateDirectory.fileName(name) == file)
  }
}
