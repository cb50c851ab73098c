import CIMChaos
import TestSupport

/// The end of a run, in which some leave for good: clients in good order, clients without a word, and clients together with
/// their server. Then exactly the others are to be listed.
struct Farewell {
  private let stage: Stage

  init(_ stage: Stage) {
    self.stage = stage
  }

  /// - Returns: who is listed and should not be, and who is not and should.
  func run() async throws -> [Violation] {
    let hosts = self.stage.hosts
    try await hosts[1].quit()
    try await hosts[2].kill()
    let node = self.stage.system.servers[0]
    async let server: Void = node.kill()
    try await hosts[3].kill()
    try await server
    var wrong: [Violation] = []
    do {
      try await eventually(within: .seconds(45), "exactly the living are listed") {
        let listings = try await self.stage.listings()
        wrong = try self.stage.check(listings).violations.filter { $0.kind == .ghost || $0.kind == .unlisted }
        if !wrong.isEmpty { try await Task.sleep(for: .milliseconds(500)) }
        return wrong.isEmpty
      }
    } catch is DeadlineExceeded {
      // What is wrong says more than that the time is over.
    }
    return wrong
  }
}
