import CIMCore
import Testing

@testable import CIMRoute
import NgRPC

@Suite("The table of servers")
struct ServerTableTests {
  private func record(_ id: String, _ incarnation: String = "a", isDraining: Bool = false) throws
    -> ServerRecord
  {
    ServerRecord(
      instance: ServerInstance(id: try ServerID(id), incarnation: try Incarnation(incarnation)),
      clientEndpoint: Endpoint(host: "h", port: 1), pushEndpoint: Endpoint(host: "h", port: 2), version: "t",
      isDraining: isDraining)
  }

  @Test("A server that appears is linked to, once")
  func appears() throws {
    var table = ServerTable()
    #expect(!table.hasBeenRead)
    let s1 = try record("s1")
    #expect(table.apply([s1]) == ServerTable.Change(link: [s1]))
    #expect(table.apply([s1]) == ServerTable.Change())
    #expect(table.hasBeenRead)
  }

  @Test("Clients are sent to linked servers only, and to none that is draining")
  func candidates() throws {
    var table = ServerTable()
    let (s1, s2) = (try record("s1"), try record("s2"))
    _ = table.apply([s2, s1])
    #expect(table.candidates.map(\.server) == [])
    table.linkUp(s2.instance)
    table.linkUp(s1.instance)
    #expect(table.candidates.map(\.server) == [s1, s2])
    _ = table.apply([try record("s1", isDraining: true), s2])
    #expect(table.candidates.map(\.server) == [s2])
  }

  @Test("A server is dead when it has left the registry and its link is down, whichever comes first")
  func death() throws {
    let s1 = try record("s1")
    var table = ServerTable()
    _ = table.apply([s1])
    table.linkUp(s1.instance)
    #expect(table.apply([]) == ServerTable.Change())
    #expect(table.isAlive(s1.instance))
    #expect(table.candidates.map(\.server) == [])
    let isDeadWithLink = table.linkDown(s1.instance)
    #expect(isDeadWithLink)
    #expect(!table.isAlive(s1.instance))

    _ = table.apply([s1])
    table.linkUp(s1.instance)
    let isDeadWithNode = table.linkDown(s1.instance)
    #expect(!isDeadWithNode)
    #expect(table.isAlive(s1.instance))
    #expect(table.apply([]) == ServerTable.Change(unlink: [s1.instance]))
    #expect(table.alive == [])
  }

  @Test("A server that registers anew is another one, and takes the older one's place")
  func anew() throws {
    let (old, new) = (try record("s1", "a"), try record("s1", "b"))
    var table = ServerTable()
    _ = table.apply([old])
    table.linkUp(old.instance)
    #expect(table.apply([new]) == ServerTable.Change(link: [new]))
    // Before its link is up, too: what is sent to it waits.
    #expect(table.successor(of: old.instance) == new.instance)
    table.linkUp(new.instance)
    #expect(table.successor(of: old.instance) == new.instance)
    #expect(table.candidates.map(\.server) == [new])
  }
}
