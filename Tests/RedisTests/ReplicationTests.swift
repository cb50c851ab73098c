import NIOCore
import TestSupport
import Testing

@testable import Redis

@Suite("Replication, as a client sees it")
struct ReplicationTests {
  private func info(role: String, id: String) -> RedisValue {
    .bytes(Array("# Replication\r\nrole:\(role)\r\nconnected_slaves:0\r\nmaster_replid:\(id)\r\n".utf8))
  }

  @Test("A server's role and replication id are read; what a server does not tell stays unknown")
  func reading() {
    let master = ReplicationInfo(info(role: "master", id: "abc"))
    #expect(!master.isReplica && master.id == "abc")
    #expect(ReplicationInfo(info(role: "slave", id: "abc")).isReplica)
    for silent in [RedisValue.null, .status("PONG"), .integer(1), .bytes([0xff])] {
      #expect(ReplicationInfo(silent).id == nil && !ReplicationInfo(silent).isReplica)
    }
  }

  @Test("A replica is not connected to, and tried again; one that may be is")
  func replica() {
    var machine = TestMachine()
    _ = machine.state.start()
    _ = machine.submit(1)
    _ = machine.state.connected(now: machine.now)
    #expect(machine.reply(info(role: "slave", id: "abc")).transport == .close)
    #expect(!machine.state.isReady)
    let closed = machine.state.closed("closed", now: machine.now)
    guard case .connectFailed(let error, failures: 1, _) = closed.event else {
      Issue.record("\(String(describing: closed.event))")
      return
    }
    #expect(error.message.contains("replica"))

    var tolerant = TestMachine(allowsReplicas: true)
    _ = tolerant.state.start()
    _ = tolerant.state.connected(now: tolerant.now)
    _ = tolerant.reply(info(role: "slave", id: "abc"))
    #expect(tolerant.state.isReady)
  }

  @Test(
    "An answer that tells of a replica is delivered, with all that came with it; then the connection is closed"
  )
  func demoted() {
    var machine = TestMachine.ready()
    _ = machine.submit(1, 2, 3)
    #expect(machine.replyRequest(.error(RedisError(serverReply: "READONLY You can't write"))) == 1)
    #expect(machine.replyRequest() == 2)
    let effects = machine.state.repliesDelivered()
    #expect(effects.transport == .close)
    #expect(effects.failures.flatMap(\.requests).map(\.id) == [3])
    _ = machine.state.closed("closed", now: machine.now)
    _ = machine.advance(.milliseconds(100))
    _ = machine.state.connected(now: machine.now)
    _ = machine.reply(info(role: "master", id: "def"))
    #expect(machine.state.repliesDelivered().transport == nil)
  }

  @Test(
    "The replication id is told with the first connection, and another one after each start of the server")
  func ids() async throws {
    let (server, client) = try await connectedPair()
    var ids = client.replicationIDs().makeAsyncIterator()
    let first = try #require(await ids.next())
    #expect(first.count == 40)
    try await server.kill()
    try await server.start()
    let second = try #require(await ids.next())
    #expect(second != first)
    var late = client.replicationIDs().makeAsyncIterator()
    #expect(await late.next() == second)
    await client.shutdown()
    try await server.stop()
  }

  @Test("A ping notices another replication id on a connection that stands")
  func ping() async throws {
    let (server, client) = try await connectedPair(options: ["enable-debug-command": "local"])
    var ids = client.replicationIDs().makeAsyncIterator()
    let first = try #require(await ids.next())
    _ = try await client.send(RedisCommand("DEBUG", "CHANGE-REPL-ID"))
    try await client.ping()
    #expect(await ids.next() != first)
    await client.shutdown()
    try await server.stop()
  }

  @Test("The readers' sequences end with the client")
  func end() async throws {
    let server = try await RedisServer()
    var client: RedisClient? = RedisClient(
      address: try server.address, configuration: .patient, logger: .quiet)
    let ids = try #require(client?.replicationIDs())
    try await client?.ping()
    await client?.shutdown()
    client = nil
    var count = 0
    for await _ in ids { count += 1 }
    #expect(count == 1)
    try await server.stop()
  }
}
