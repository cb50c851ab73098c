import CIMCore
import TestSupport
import Testing
import ZooKeeper

@testable import CIMZooKeeper
import NgRPC

@Suite("Registry in ZooKeeper")
struct ZooKeeperServerRegistryTests {
  @Test("A server's node is ephemeral and stands where the root path says, which is created")
  func node() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/deep/down/cim/") { registry in
      let record = try ServerRecord.named("server-1")
      _ = try await registry.register(record)
      try await withClient(of: server) { client in
        let node = try await client.get("/deep/down/cim/servers/server-1")
        #expect(node.data == NodeContent(.server(record)).json)
        #expect(node.stat.ephemeralOwner != nil)
      }
    }
  }

  @Test("A route's node stands among the routes")
  func routeNode() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/route-node") { registry in
      let route = RouteRecord(
        instance: ServerInstance("route-1#a")!, endpoint: Endpoint(host: "10.0.0.1", port: 8_000),
        version: "1")
      let registration = try await registry.register(route)
      try await withClient(of: server) { client in
        let node = try await client.get("/route-node/routes/route-1")
        #expect(node.data == NodeContent(.route(route)).json)
        await registration.withdraw()
        let stat = try await client.exists("/route-node/routes/route-1")
        #expect(stat == nil)
      }
    }
  }

  @Test("A cancelled task takes its entry out before it goes on")
  func withdrawalWhenCancelled() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/cancelled-withdrawal") { registry in
      let registration = try await registry.register(.named("server-1"))
      let task = Task {
        // Ends when the task is cancelled.
        for await _ in registration.instances() {}
        await registration.withdraw()
      }
      task.cancel()
      await task.value
      try await withClient(of: server) { client in
        let stat = try await client.exists("/cancelled-withdrawal/servers/server-1")
        #expect(stat == nil)
      }
    }
  }

  @Test("After its session expired a server is registered anew under another incarnation, and is told")
  func expiry() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/expiry-registry") { registry in
      try await withRegistry(on: server, root: "/expiry-registry") { observer in
        let record = try ServerRecord.named("server-1")
        let registration = try await registry.register(record)
        let instances = registration.instances()
        try await instances.first("the first instance") { $0 == record.instance }
        try await observer.servers().first("the server") { $0 == [record] }
        try await registry.client.expireSession()
        let renewed = try await instances.first("a new instance") { $0 != record.instance }
        #expect(renewed.id == record.instance.id)
        #expect(registration.instance == renewed)
        let expected = record.with(incarnation: renewed.incarnation)
        try await observer.servers().first("the new registration") { $0 == [expected] }
        // Its own watches went with the session, too.
        let other = try ServerRecord.named("server-2")
        _ = try await observer.register(other)
        try await registry.servers().first("both") { $0 == [expected, other] }
      }
    }
  }

  @Test("A node left by a process that died is replaced without waiting for its session to end")
  func stale() async throws {
    let server = try await SharedServer.get()
    try await withClient(of: server) { dead in
      try await dead.createPath("/stale/servers")
      let left = try ServerRecord.named("server-1")
      try await dead.create(
        "/stale/servers/server-1", data: NodeContent(.server(left)).json, mode: .ephemeral)
      try await withRegistry(on: server, root: "/stale") { registry in
        let record = try ServerRecord.named("server-1")
        _ = try await registry.register(record)
        try await registry.servers().first("the new one") { $0 == [record] }
      }
    }
  }

  @Test("A node deleted by hand is entered again under another incarnation")
  func deletedByHand() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/deleted") { registry in
      let record = try ServerRecord.named("server-1")
      let registration = try await registry.register(record)
      try await withClient(of: server) { try await $0.delete("/deleted/servers/server-1") }
      let renewed = try await registration.instances().first("a new instance") { $0 != record.instance }
      try await registry.servers().first("the new registration") { $0.map(\.instance) == [renewed] }
    }
  }

  @Test("What is not readable is left out, and the other servers stay")
  func garbage() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/garbage") { registry in
      let record = try ServerRecord.named("server-1")
      _ = try await registry.register(record)
      try await withClient(of: server) { client in
        try await client.create("/garbage/servers/server-0", data: [0xFF, 0])
        try await client.create(
          "/garbage/servers/server-2", data: NodeContent(.server(.named("server-2"))).json)
        try await registry.servers().first("the readable ones") {
          $0.map(\.instance.id.rawValue) == ["server-1", "server-2"]
        }
        try await client.set("/garbage/servers/server-2", data: [])
        try await registry.servers().first("the one that is readable still") { $0 == [record] }
      }
    }
  }

  @Test("When ZooKeeper is killed and started again the list stands, and so do the registrations")
  func restart() async throws {
    let server = try await ZooKeeperServer()
    try await withRegistry(on: server) { registry in
      let record = try ServerRecord.named("server-1")
      let registration = try await registry.register(record)
      try await registry.servers().first("the server") { $0 == [record] }
      try await server.kill()
      try await eventually("the registry notices") { (try? await registry.ping()) == nil }
      var lists = registry.servers().makeAsyncIterator()
      #expect(await lists.next() == [record])
      let error = await #expect(throws: StoreError.self) { try await registration.setDraining(true) }
      #expect(error?.code == .unavailable)
      try await server.start()
      // The next list is that of the wish that was kept: none in between was without the server.
      #expect(await lists.next() == [record.with(isDraining: true)])
      #expect(registration.instance == record.instance)
    }
  }

  @Test("While ZooKeeper is absent at the start a registration waits, and then stands")
  func absent() async throws {
    let server = try await ZooKeeperServer()
    try await server.stop()
    try await withRegistry(on: server) { registry in
      let error = await #expect(throws: StoreError.self) { try await registry.ping() }
      #expect(error?.code == .unavailable)
      let record = try ServerRecord.named("server-1")
      async let registration = registry.register(record)
      try await server.start()
      #expect(try await registration.instance == record.instance)
      try await registry.ping()
      try await registry.servers().first("the server") { $0 == [record] }
    }
  }

  @Test("A registration that waits can be cancelled, and then never comes to stand")
  func cancellation() async throws {
    let server = try await ZooKeeperServer()
    try await server.stop()
    try await withRegistry(on: server) { registry in
      let waiting = Task { try await registry.register(.named("server-1")) }
      waiting.cancel()
      let error = await #expect(throws: StoreError.self) { try await waiting.value }
      #expect(error?.code == .cancelled)
      try await server.start()
      let record = try ServerRecord.named("server-2")
      _ = try await registry.register(record)
      try await registry.servers().first("the other alone") { $0 == [record] }
    }
  }

  @Test("When the registry is shut down its entries vanish, and all that wait are told")
  func shutdown() async throws {
    let server = try await SharedServer.get()
    try await withRegistry(on: server, root: "/shutdown") { observer in
      var kept: (registry: ZooKeeperServerRegistry, registration: any Registration)?
      try await withRegistry(on: server, root: "/shutdown") { registry in
        kept = (registry, try await registry.register(.named("server-1")))
        try await observer.servers().first("the server") { $0.count == 1 }
      }
      try await observer.servers().first("nobody") { $0.isEmpty }
      let (registry, registration) = try #require(kept)
      await registration.withdraw()
      var seen: [ServerInstance] = []
      for await instance in registration.instances() { seen.append(instance) }
      #expect(seen == [registration.instance])
      for await _ in registry.servers() {}
      let error = await #expect(throws: StoreError.self) { try await registry.register(.named("server-1")) }
      #expect(error?.code == .cancelled)
    }
  }
}
