import TestSupport
import Testing
import ZooKeeper

@Suite("ZooKeeper operations")
struct OperationTests {
  /// Runs a test with a client and a path that no other test uses.
  private func withClient(
    _ root: String, _ test: (ZooKeeperClient, _ root: String) async throws -> Void
  ) async throws {
    let client = ZooKeeperClient(of: try await SharedServer.get())
    try await client.connected()
    try await client.create(root)
    try await test(client, root)
    await client.close()
  }

  @Test("A node is created, read, written and deleted")
  func life() async throws {
    try await withClient("/life") { client, root in
      let path = "\(root)/node"
      try await client.create(path, data: [1, 0, 255])
      let created = try await client.get(path)
      #expect(created.data == [1, 0, 255])
      #expect(created.stat.version == 0)
      #expect(created.stat.ephemeralOwner == nil)
      let written = try await client.set(path, data: [], version: 0)
      #expect(written.version == 1)
      #expect(written.creation == created.stat.creation)
      #expect(try await client.get(path) == Node(data: [], stat: written))
      #expect(try await client.exists(path) == written)
      try await client.delete(path, version: 1)
      #expect(try await client.exists(path) == nil)
    }
  }

  @Test("The children of a node are listed by name")
  func children() async throws {
    try await withClient("/children") { client, root in
      let none = try await client.children(of: root)
      #expect(none.isEmpty)
      for name in ["a", "b.c", "爱"] { try await client.create("\(root)/\(name)") }
      #expect(try await Set(client.children(of: root)) == ["a", "b.c", "爱"])
      #expect(try await client.exists(root)?.childCount == 3)
    }
  }

  @Test("A path is created as far as it is missing")
  func paths() async throws {
    try await withClient("/paths") { client, root in
      try await client.createPath("\(root)/a/b")
      try await client.set("\(root)/a", data: [7])
      try await client.createPath("\(root)/a/b/c/d")
      #expect(try await client.get("\(root)/a").data == [7])
      #expect(try await client.exists("\(root)/a/b/c/d") != nil)
    }
  }

  @Test("A node is replaced in one step, in the version that is named, or not at all")
  func replacement() async throws {
    try await withClient("/replacement") { client, root in
      let path = "\(root)/node"
      try await client.create(path, data: [1])
      let old = try await client.set(path, data: [2])
      let events = WatchedEvents()
      _ = try await client.children(of: root, watch: events.watch)
      let error = await #expect(throws: ZooKeeperError.self) {
        try await client.replace(path, version: 0, data: [3])
      }
      #expect(error?.code == .badVersion)
      #expect(try await client.get(path) == Node(data: [2], stat: old))
      try await client.replace(path, version: 1, data: [3], mode: .ephemeral)
      let new = try await client.get(path)
      #expect(new.data == [3])
      #expect(new.stat.creation > old.creation)
      #expect(new.stat.ephemeralOwner != nil)
      #expect(try await events.next()?.kind == .childrenChanged)
      let missing = await #expect(throws: ZooKeeperError.self) {
        try await client.replace("\(root)/missing", version: 0)
      }
      #expect(missing?.code == .noNode)
      #expect(missing?.path == "\(root)/missing")
    }
  }

  @Test("Each failure has a code, names the operation and the node, and says what to do")
  func errors() async throws {
    try await withClient("/errors") { client, root in
      func expect(
        _ code: ZooKeeperError.Code, _ path: String, _ operation: () async throws -> Void,
        sourceLocation: SourceLocation = #_sourceLocation
      ) async {
        let error = await #expect(throws: ZooKeeperError.self, sourceLocation: sourceLocation) {
          try await operation()
        }
        #expect(error?.code == code, sourceLocation: sourceLocation)
        #expect(error?.path == path, sourceLocation: sourceLocation)
        #expect(error.map { "\($0)".contains(path) } == true, sourceLocation: sourceLocation)
      }
      let missing = "\(root)/missing"
      await expect(.noNode, missing) { _ = try await client.get(missing) }
      await expect(.noNode, missing) { _ = try await client.children(of: missing) }
      await expect(.noNode, missing) { try await client.set(missing, data: []) }
      await expect(.noNode, missing) { try await client.delete(missing) }
      await expect(.noNode, "\(missing)/a") { try await client.create("\(missing)/a") }
      await expect(.nodeExists, root) { try await client.create(root) }
      await expect(.badVersion, root) { try await client.set(root, data: [], version: 9) }
      await expect(.badArguments, "no/slash") { try await client.create("no/slash") }
      await expect(.badArguments, "/a/../b") { _ = try await client.exists("/a/../b") }
      try await client.create("\(root)/passing", mode: .ephemeral)
      await expect(.noChildrenForEphemerals, "\(root)/passing/a") {
        try await client.create("\(root)/passing/a")
      }
      await expect(.notEmpty, root) { try await client.delete(root) }
    }
  }

  @Test("500 calls at once are all answered")
  func concurrency() async throws {
    try await withClient("/concurrency") { client, root in
      try await withThrowingTaskGroup { group in
        for number in 0..<500 {
          group.addTask {
            try await client.create("\(root)/\(number)", data: Array("\(number)".utf8))
            let node = try await client.get("\(root)/\(number)")
            #expect(node.data == Array("\(number)".utf8))
          }
        }
        try await group.waitForAll()
      }
      #expect(try await client.children(of: root).count == 500)
    }
  }
}
