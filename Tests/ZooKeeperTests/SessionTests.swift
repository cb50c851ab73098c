import Logging
import TestSupport
import Testing

@testable import ZooKeeper

@Suite("ZooKeeper sessions")
struct SessionTests {
  @Test("An ephemeral node belongs to the session and vanishes when the client is closed")
  func ephemeral() async throws {
    let server = try await SharedServer.get()
    let (owner, other) = (ZooKeeperClient(of: server), ZooKeeperClient(of: server))
    let session = try await owner.connected()
    try await other.connected()
    try await owner.create("/ephemeral", mode: .ephemeral)
    let events = WatchedEvents()
    #expect(try await other.exists("/ephemeral", watch: events.watch)?.ephemeralOwner == session)
    await owner.close()
    #expect(try await events.next() == WatchEvent(.deleted, path: "/ephemeral"))
    #expect(owner.sessionState == .closed)
    await other.close()
  }

  @Test("A client that is let go of ends its session")
  func letGo() async throws {
    let server = try await SharedServer.get()
    let other = ZooKeeperClient(of: server)
    try await other.connected()
    var owner: ZooKeeperClient? = ZooKeeperClient(of: server)
    try await owner?.connected()
    try await owner?.create("/let-go", mode: .ephemeral)
    let events = WatchedEvents()
    _ = try await other.exists("/let-go", watch: events.watch)
    owner = nil
    #expect(try await events.next()?.kind == .deleted)
    await other.close()
  }

  @Test("A session that expired is replaced by a new one, and the owner is told")
  func expiry() async throws {
    let server = try await SharedServer.get()
    let client = ZooKeeperClient(of: server)
    let first = try await client.connected()
    try await client.create("/expiry", mode: .ephemeral)
    try await client.expireSession()
    try await client.state("expired") { $0 == .expired(first) ? true : nil }
    let second = try await client.connected()
    #expect(second != first)
    let stat = try await client.exists("/expiry")
    #expect(stat == nil)
    try await client.create("/expiry", mode: .ephemeral)
    #expect(try await client.exists("/expiry")?.ephemeralOwner == second)
    await client.close()
  }

  @Test("A server that freezes is noticed, and the client is connected again when it goes on")
  func frozen() async throws {
    let server = try await ZooKeeperServer()
    let client = ZooKeeperClient(of: server, sessionTimeout: .seconds(1))
    try await client.connected()
    server.pause()
    try await client.disconnected()
    let error = await #expect(throws: ZooKeeperError.self) { try await client.exists("/") }
    #expect(error?.isTransient == true)
    server.resume()
    try await client.connected()
    #expect(try await client.exists("/") != nil)
    await client.close()
  }

  @Test("A server that is killed and started again keeps the session and its nodes")
  func restart() async throws {
    let server = try await ZooKeeperServer()
    let client = ZooKeeperClient(of: server)
    let session = try await client.connected()
    try await client.create("/node", data: [1], mode: .ephemeral)
    try await server.kill()
    try await client.disconnected()
    try await server.start()
    #expect(try await client.connected() == session)
    #expect(try await client.get("/node").data == [1])
    await client.close()
  }

  @Test("Without a server calls fail as connection loss, and the client connects once there is one")
  func absent() async throws {
    let server = try await ZooKeeperServer()
    try await server.stop()
    let client = ZooKeeperClient(of: server)
    let error = await #expect(throws: ZooKeeperError.self) { try await client.create("/node") }
    #expect(error?.code == .connectionLoss)
    #expect(error?.isTransient == true)
    try await server.start()
    try await client.connected()
    try await client.create("/node")
    await client.close()
  }

  @Test("Servers whose names are not known are looked up again, and closing does not wait for that")
  func unknownName() async throws {
    let client = ZooKeeperClient(servers: "zookeeper.invalid:2181")
    let error = await #expect(throws: ZooKeeperError.self) { try await client.exists("/") }
    #expect(error?.code == .connectionLoss)
    #expect(client.sessionState == .connecting)
    await client.close()
    try await client.state("closed") { $0 == .closed ? true : nil }
  }

  @Test("Calls that wait for an answer fail when the client is closed")
  func closing() async throws {
    let server = try await ZooKeeperServer()
    let client = ZooKeeperClient(of: server, sessionTimeout: .seconds(1))
    try await client.connected()
    server.pause()
    try await client.disconnected()
    let calls = (1...20).map { _ in Task { try await client.exists("/") } }
    await client.close()
    server.resume()
    for call in calls {
      await #expect(throws: ZooKeeperError.self) { try await call.value }
    }
    let late = await #expect(throws: ZooKeeperError.self) { try await client.exists("/") }
    #expect(late?.code == .closing)
    await client.close()
  }

  @Test("Closing lets go of the watches that saw nothing")
  func release() async throws {
    final class Witness: Sendable {}
    let client = ZooKeeperClient(of: try await SharedServer.get())
    try await client.connected()
    weak var witness: Witness?
    do {
      let watched = Witness()
      witness = watched
      _ = try await client.exists("/never", watch: { _ in _ = watched })
    }
    #expect(witness != nil)
    await client.close()
    #expect(witness == nil)
  }
}

extension ZooKeeperClient {
  /// Ends the client's session behind its back: another handle takes it over and closes it. The client takes it back
  /// when it is quicker than that; so it is tried until the session is gone.
  func expireSession() async throws {
    let credentials = try #require(self.session(for: "test", "/").credentials)
    for _ in 1...20 {
      let (events, continuation) = AsyncStream.makeStream(of: SessionHandle.Event.self)
      let thief = try SessionHandle(self.configuration, resuming: credentials) { continuation.yield($0) }
      let event = try await withDeadline(.seconds(20), "the session taken over") {
        await events.first { $0 == .connected(credentials.id) || $0 == .expired }
      }
      await thief.close()
      if event == .expired { return }
    }
    Issue.record("the session could not be ended")
  }
}
