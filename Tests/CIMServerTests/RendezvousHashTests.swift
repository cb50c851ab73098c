import Testing

@testable import CIMServer

@Suite("Rendezvous hashing")
struct RendezvousHashTests {
  private func choose(_ key: String, among routes: [String]) -> String? {
    RendezvousHash.choose(for: key, among: routes) { $0 }
  }

  @Test("Nobody is chosen from nobody")
  func none() { #expect(choose("lobby", among: []) == nil) }

  @Test("The order of the candidates does not matter")
  func order() {
    for key in 0..<100 {
      #expect(
        choose("p:\(key):7", among: ["r1", "r2", "r3"]) == choose("p:\(key):7", among: ["r3", "r1", "r2"]))
    }
  }

  @Test("A candidate that goes moves its own keys only")
  func leaving() {
    for key in 0..<1000 {
      let before = choose("p:\(key):7", among: ["r1", "r2", "r3"])
      if before != "r2" { #expect(choose("p:\(key):7", among: ["r1", "r3"]) == before) }
    }
  }

  @Test("Keys are spread evenly")
  func spread() {
    var counts: [String: Int] = [:]
    for key in 0..<3000 {
      counts[choose("p:\(key):\(key + 1)", among: ["r1", "r2", "r3"]) ?? "", default: 0] += 1
    }
    for count in counts.values { #expect((800...1200).contains(count)) }
  }

  @Test("The choice is the same in every process and version")
  func stable() {
    #expect(
      ["lobby", "p:1:2", "p:3:9"].map { choose($0, among: ["r1", "r2", "r3"]) } == ["r3", "r3", "r1"])
  }
}
