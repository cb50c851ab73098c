import CIMCore
import NgRPC
import Testing

@testable import CIMRoute

@Suite("Balancing")
struct BalancerTests {
  private func candidate(_ id: String, connections: Int = 0) throws -> Candidate {
    Candidate(
      server: ServerRecord(
        instance: ServerInstance(id: try ServerID(id), incarnation: try Incarnation("a")),
        clientEndpoint: Endpoint(host: "h", port: 1), pushEndpoint: Endpoint(host: "h", port: 2), version: "t"
      ),
      connections: connections)
  }

  private func candidates(_ count: Int) throws -> [Candidate] {
    try (1...count).map { try candidate("s\($0)") }.sorted { $0.id < $1.id }
  }

  /// Whom a balancer chooses for the users 1, 2, 3, …
  private func choices(
    _ count: Int, by balancer: inout any Balancer, among candidates: [Candidate],
    avoiding avoided: String = ""
  ) -> [String] {
    (1...count).map { user in
      balancer.choose(among: candidates, avoiding: avoided, for: UserID(UInt64(user)))?.id.rawValue ?? "none"
    }
  }

  // MARK: All of them

  @Test("Nobody is chosen from nobody", arguments: Balancing.allCases)
  func none(balancing: Balancing) {
    var balancer = balancing.balancer
    #expect(balancer.choose(among: [], avoiding: "", for: UserID(1)) == nil)
    #expect(balancer.choose(among: [], avoiding: "s1", for: UserID(1)) == nil)
  }

  @Test("A server that did not answer is skipped, unless it is the only one", arguments: Balancing.allCases)
  func avoided(balancing: Balancing) throws {
    var balancer = balancing.balancer
    let (one, all) = (try candidates(1), try candidates(3))
    #expect(!choices(300, by: &balancer, among: all, avoiding: "s2").contains("s2"))
    #expect(Set(choices(300, by: &balancer, among: all, avoiding: "s2")) == ["s1", "s3"])
    #expect(choices(1, by: &balancer, among: one, avoiding: "s1") == ["s1"])
  }

  @Test("A server that is gone is never chosen again, and one that is new is", arguments: Balancing.allCases)
  func changes(balancing: Balancing) throws {
    var balancer = balancing.balancer
    let (a, b, c) = (try candidate("a"), try candidate("b"), try candidate("c"))
    #expect(Set(choices(200, by: &balancer, among: [a, b])) == ["a", "b"])
    #expect(Set(choices(200, by: &balancer, among: [b, c])) == ["b", "c"])
    #expect(Set(choices(200, by: &balancer, among: [a])) == ["a"])
    #expect(Set(choices(200, by: &balancer, among: [a, b, c])) == ["a", "b", "c"])
  }

  @Test("Each server gets its share", arguments: Balancing.allCases)
  func spread(balancing: Balancing) throws {
    var balancer = balancing.balancer
    let candidates = try self.candidates(10)
    let counts = choices(100_000, by: &balancer, among: candidates)
      .reduce(into: [:]) { $0[$1, default: 0] += 1 }
    // 30 % is what the ring is allowed, see HashRing.virtualNodes; 5 % are five standard deviations of chance.
    let tolerance =
      switch balancing {
      case .roundRobin, .leastConnections: 0
      case .random: 500
      case .consistentHash: 3000
      }
    #expect(counts.count == 10)
    for (server, count) in counts { #expect(abs(count - 10_000) <= tolerance, "\(server): \(count)") }
  }

  // MARK: Each of them

  @Test("Round robin goes on where it was when a server comes or goes in between")
  func turns() throws {
    var balancer: any Balancer = RoundRobin()
    let (a, b, c) = (try candidate("a"), try candidate("b"), try candidate("c"))
    #expect(choices(3, by: &balancer, among: [a, b]) == ["a", "b", "a"])
    #expect(choices(1, by: &balancer, among: [b, c]) == ["b"])
    #expect(choices(2, by: &balancer, among: [a, c]) == ["c", "a"])
  }

  @Test("The server with the fewest clients is chosen, and equal ones in turn")
  func fewest() throws {
    var balancer: any Balancer = LeastConnections()
    let (a, b, c) = (
      try candidate("a", connections: 5), try candidate("b", connections: 2),
      try candidate("c", connections: 2)
    )
    #expect(choices(4, by: &balancer, among: [a, b, c]) == ["b", "c", "b", "c"])
    #expect(choices(2, by: &balancer, among: [a, b, c], avoiding: "b") == ["c", "c"])
    #expect(choices(1, by: &balancer, among: [a]) == ["a"])
  }

  @Test("A burst of logins before any server has told of them is spread, and evens out what was uneven")
  func burst() throws {
    var table = ServerTable()
    let records = try candidates(3).map(\.server)
    _ = table.apply(records, at: .now())
    for record in records { table.linkUp(record.instance, at: .now()) }
    table.tell(90, nil, of: records[0].instance)
    table.tell(30, nil, of: records[1].instance)
    var balancer: any Balancer = LeastConnections()
    var counts: [ServerID: Int] = [:]
    for user in 1...60 as ClosedRange<UInt64> {
      let choice = balancer.choose(among: table.candidates, avoiding: "", for: UserID(user))
      let chosen = try #require(choice)
      table.send(to: chosen.server.instance)
      counts[chosen.id, default: 0] += 1
    }
    #expect(counts == [records[1].instance.id: 15, records[2].instance.id: 45])
    // What servers tell then takes the place of what was counted here.
    table.tell(44, nil, of: records[1].instance)
    #expect(table.candidates.map(\.connections) == [90, 44, 45])
    // And what a link told is not known any more when it is down.
    _ = table.linkDown(records[0].instance, at: .now())
    table.linkUp(records[0].instance, at: .now())
    #expect(table.candidates.map(\.connections) == [0, 44, 45])
  }

  @Test("A user's server stays the same when the one to avoid, or any other, comes and goes")
  func sticky() throws {
    var balancer: any Balancer = ConsistentHash()
    let all = try candidates(5)
    let before = choices(1000, by: &balancer, among: all)
    let avoiding = choices(1000, by: &balancer, among: all, avoiding: "s2")
    let without = choices(1000, by: &balancer, among: all.filter { $0.id.rawValue != "s2" })
    #expect(avoiding == without)
    #expect(choices(1000, by: &balancer, among: all) == before)
    for (old, new) in zip(before, without) where old != "s2" { #expect(old == new) }
  }
}
