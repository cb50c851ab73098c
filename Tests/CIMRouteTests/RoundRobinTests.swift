import CIMCore
import Testing

@testable import CIMRoute
import NgRPC

@Suite("Round robin")
struct RoundRobinTests {
  private func record(_ id: String) throws -> ServerRecord {
    ServerRecord(
      instance: ServerInstance(id: try ServerID(id), incarnation: try Incarnation("a")),
      clientEndpoint: Endpoint(host: "h", port: 1), pushEndpoint: Endpoint(host: "h", port: 2), version: "t")
  }

  @Test("Servers are chosen in turn, also when one comes or goes in between")
  func turns() throws {
    var balancer = RoundRobin()
    let (a, b, c) = (try record("a"), try record("b"), try record("c"))
    let user = UserID(1)
    #expect([a, b, a].allSatisfy { $0 == balancer.choose(among: [a, b], for: user) })
    #expect(balancer.choose(among: [b, c], for: user) == b)
    #expect(balancer.choose(among: [a, c], for: user) == c)
    #expect(balancer.choose(among: [a, c], for: user) == a)
  }
}
