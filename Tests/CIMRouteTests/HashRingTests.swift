import CIMCore
import Testing

@testable import CIMRoute

@Suite("The ring of consistent hashing")
struct HashRingTests {
  private func ring(_ servers: some Sequence<Int>) throws -> HashRing {
    HashRing(try servers.map { try ServerID("cim-server-\($0)") })
  }

  private func owners(_ ring: HashRing, users: UInt64 = 20_000) -> [ServerID?] {
    (1...users).map { ring.server(for: UserID($0)) { _ in true } }
  }

  @Test("An empty ring has nobody, and one whose servers are all refused neither")
  func none() throws {
    #expect(HashRing().server(for: UserID(1)) { _ in true } == nil)
    #expect(try ring(0..<3).server(for: UserID(1)) { _ in false } == nil)
  }

  @Test(
    "Each server has at most 30 % more or less than its even share of the users", arguments: [2, 3, 10, 50])
  func spread(servers: Int) throws {
    let counts = Dictionary(grouping: owners(try ring(0..<servers), users: 100_000)) { $0 }.mapValues(\.count)
    let even = 100_000 / Double(servers)
    #expect(counts.count == servers)
    for (server, count) in counts {
      #expect((0.7...1.3).contains(Double(count) / even), "\(String(describing: server)): \(count)")
    }
  }

  @Test("When a server leaves only its users move, and all others take some of them")
  func leaving() throws {
    let (before, after) = (owners(try ring(0..<10)), owners(try ring((0..<10).filter { $0 != 4 })))
    let leaver = try ServerID("cim-server-4")
    var heirs: Set<ServerID?> = []
    for (old, new) in zip(before, after) {
      if old == leaver { heirs.insert(new) } else { #expect(old == new) }
    }
    #expect(heirs.count == 9)
  }

  @Test("When a server comes only its users move, and they come from all others")
  func coming() throws {
    let (before, after) = (owners(try ring(0..<9)), owners(try ring(0..<10)))
    let newcomer = try ServerID("cim-server-9")
    var givers: Set<ServerID?> = []
    for (old, new) in zip(before, after) where old != new {
      #expect(new == newcomer)
      givers.insert(old)
    }
    #expect(givers.count == 9)
  }

  @Test(
    "The order in which servers are given does not matter, and the choice is the same in every process and version"
  )
  func stable() throws {
    #expect(owners(try ring(0..<5)) == owners(try ring((0..<5).reversed())))
    let few = owners(try ring(0..<3), users: 8).map { $0?.rawValue.last.map(String.init) ?? "" }
    #expect(few.joined() == "11021021")
  }

  @Test("The ring forgets dead servers, and keeps all that live")
  func forgets() throws {
    var ring = try ring(0..<10)
    for dead in 0..<9 {
      ring = try self.ring(dead + 1..<10)
      let living = Set(owners(ring, users: 5000).compactMap(\.self))
      #expect(living == Set(ring.servers))
      #expect(!living.contains(try ServerID("cim-server-\(dead)")))
    }
  }
}
