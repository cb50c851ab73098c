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
    #expect(table.apply([s1], at: .now()) == ServerTable.Change(link: [s1]))
    #expect(table.apply([s1], at: .now()) == ServerTable.Change())
    #expect(table.hasBeenRead)
  }

  @Test("Clients are sent to linked servers only, and to none that is draining")
  func candidates() throws {
    var table = ServerTable()
    let (s1, s2) = (try record("s1"), try record("s2"))
    _ = table.apply([s2, s1], at: .now())
    #expect(table.candidates.map(\.server) == [])
    table.linkUp(s2.instance, at: .now())
    table.linkUp(s1.instance, at: .now())
    #expect(table.candidates.map(\.server) == [s1, s2])
    _ = table.apply([try record("s1", isDraining: true), s2], at: .now())
    #expect(table.candidates.map(\.server) == [s2])
  }

  @Test("A server is dead when it has left the registry and its link is down, whichever comes first")
  func death() throws {
    let s1 = try record("s1")
    var table = ServerTable()
    _ = table.apply([s1], at: .now())
    table.linkUp(s1.instance, at: .now())
    #expect(table.apply([], at: .now()) == ServerTable.Change())
    #expect(table.isAlive(s1.instance))
    #expect(table.candidates.map(\.server) == [])
    let isDeadWithLink = table.linkDown(s1.instance, at: .now())
    #expect(isDeadWithLink)
    #expect(!table.isAlive(s1.instance))

    _ = table.apply([s1], at: .now())
    table.linkUp(s1.instance, at: .now())
    let isDeadWithNode = table.linkDown(s1.instance, at: .now())
    #expect(!isDeadWithNode)
    #expect(table.isAlive(s1.instance))
    #expect(table.apply([], at: .now()) == ServerTable.Change(unlink: [s1.instance]))
    #expect(table.alive == [])
  }

  @Test("A server that registers anew is another one, and takes the older one's place")
  func anew() throws {
    let (old, new) = (try record("s1", "a"), try record("s1", "b"))
    var table = ServerTable()
    _ = table.apply([old], at: .now())
    table.linkUp(old.instance, at: .now())
    #expect(table.apply([new], at: .now()) == ServerTable.Change(link: [new]))
    // Before its link is up, too: what is sent to it waits.
    #expect(table.successor(of: old.instance) == new.instance)
    table.linkUp(new.instance, at: .now())
    #expect(table.successor(of: old.instance) == new.instance)
    #expect(table.candidates.map(\.server) == [new])
  }

  @Test("A link has been up or down since it changed, not since the last try")
  func since() throws {
    var table = ServerTable()
    let server = try record("s1")
    func time(_ milliseconds: UInt64) -> Timestamp { Timestamp(milliseconds: milliseconds) }
    _ = table.apply([server], at: time(10))
    #expect(table.known.map(\.since) == [time(10)])
    _ = table.linkDown(server.instance, at: time(20))
    #expect(table.known.map(\.since) == [time(10)], "it was not up before")
    table.linkUp(server.instance, at: time(30))
    table.linkUp(server.instance, at: time(40))
    _ = table.apply([server], at: time(50))
    #expect(table.known.map(\.since) == [time(30)])
    _ = table.linkDown(server.instance, at: time(60))
    _ = table.linkDown(server.instance, at: time(70))
    #expect(table.known.map(\.since) == [time(60)])
    #expect(table.known.map(\.isLinked) == [false])
  }
}
