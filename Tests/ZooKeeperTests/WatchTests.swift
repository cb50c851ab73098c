import TestSupport
import Testing
import ZooKeeper

@Suite("ZooKeeper watches")
struct WatchTests {
  private func withClient(
    _ root: String, _ test: (ZooKeeperClient, _ root: String) async throws -> Void
  ) async throws {
    let client = ZooKeeperClient(of: try await SharedServer.get())
    try await client.connected()
    try await client.create(root)
    try await test(client, root)
    await client.close()
  }

  @Test("A watch on a node tells the next change, and only that")
  func data() async throws {
    try await withClient("/watch-data") { client, root in
      let events = WatchedEvents()
      _ = try await client.get(root, watch: events.watch)
      try await client.set(root, data: [1])
      #expect(try await events.next() == WatchEvent(.dataChanged, path: root))
      try await client.set(root, data: [2])
      // Calls are answered in order: had the watch fired again, it would have by now.
      _ = try await client.get(root)
      #expect(await events.rest().isEmpty)
    }
  }

  @Test("A watch on a node tells when it is deleted")
  func deletion() async throws {
    try await withClient("/watch-deletion") { client, root in
      let events = WatchedEvents()
      _ = try await client.exists(root, watch: events.watch)
      try await client.delete(root)
      #expect(try await events.next() == WatchEvent(.deleted, path: root))
    }
  }

  @Test("A watch on a node that is not there tells when it is created")
  func creation() async throws {
    try await withClient("/watch-creation") { client, root in
      let events = WatchedEvents()
      let path = "\(root)/node"
      let stat = try await client.exists(path, watch: events.watch)
      #expect(stat == nil)
      try await client.create(path)
      #expect(try await events.next() == WatchEvent(.created, path: path))
    }
  }

  @Test("A watch on children tells when one comes or goes")
  func children() async throws {
    try await withClient("/watch-children") { client, root in
      let events = WatchedEvents()
      _ = try await client.children(of: root, watch: events.watch)
      try await client.create("\(root)/a")
      #expect(try await events.next() == WatchEvent(.childrenChanged, path: root))
      _ = try await client.children(of: root, watch: events.watch)
      try await client.delete("\(root)/a")
      #expect(try await events.next() == WatchEvent(.childrenChanged, path: root))
    }
  }

  @Test("Watches on one node tell each of their own")
  func several() async throws {
    try await withClient("/watch-several") { client, root in
      let (one, two) = (WatchedEvents(), WatchedEvents())
      _ = try await client.get(root, watch: one.watch)
      _ = try await client.get(root, watch: two.watch)
      try await client.set(root, data: [1])
      #expect(try await one.next()?.kind == .dataChanged)
      #expect(try await two.next()?.kind == .dataChanged)
    }
  }

  @Test("A read that fails sets no watch")
  func failure() async throws {
    try await withClient("/watch-failure") { client, root in
      let events = WatchedEvents()
      let path = "\(root)/node"
      await #expect(throws: ZooKeeperError.self) { try await client.get(path, watch: events.watch) }
      try await client.create(path)
      try await client.set(path, data: [1])
      _ = try await client.get(path)
      #expect(await events.rest().isEmpty)
    }
  }

  @Test("A watch outlives an interruption, and sees what happened meanwhile")
  func interruption() async throws {
    let server = try await ZooKeeperServer()
    let (watching, writing) = (ZooKeeperClient(of: server), ZooKeeperClient(of: server))
    let session = try await watching.connected()
    try await watching.create("/node")
    let events = WatchedEvents()
    _ = try await watching.get("/node", watch: events.watch)
    try await server.kill()
    try await watching.disconnected()
    try await server.start()
    #expect(try await watching.connected() == session)
    try await eventually("the other client writes") {
      (try? await writing.set("/node", data: [1])) != nil
    }
    #expect(try await events.next() == WatchEvent(.dataChanged, path: "/node"))
    await watching.close()
    await writing.close()
  }
}
