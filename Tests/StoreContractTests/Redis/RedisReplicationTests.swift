import CIMCore
import CIMRedis
import Logging
import NIOCore
import Redis
import TestSupport
import Testing

@Suite("Redis stores with a replica", .timeLimit(.minutes(1)))
struct RedisReplicationTests {
  /// A master and a replica that follows it, with stores on the master and a connection to each.
  private func withReplica(
    replicas: Int = 1, timeoutMilliseconds: Int = 10_000,
    _ test: (Stores, _ master: RedisClient, RedisServer, _ replica: RedisClient, RedisServer) async throws ->
      Void
  ) async throws {
    let masterServer = try await RedisServer(options: ["repl-diskless-sync-delay": "0"])
    let replicaServer = try await RedisServer(options: ["replicaof": "127.0.0.1 \(masterServer.port)"])
    let master = try client(of: masterServer)
    let replica = try client(of: replicaServer, allowsReplicas: true)
    let waiting = try client(of: masterServer)
    try await eventually("the replica follows the master") {
      try await replica.send(RedisCommand("INFO", "replication")).asString().contains("master_link_status:up")
    }
    let stores = Stores.redis(
      master,
      replication: RedisReplication(
        client: waiting, replicas: replicas, timeoutMilliseconds: timeoutMilliseconds))
    try await test(stores, master, masterServer, replica, replicaServer)
    for client in [master, replica, waiting] { await client.shutdown() }
    try await replicaServer.stop()
    try await masterServer.stop()
  }

  private func client(of server: RedisServer, allowsReplicas: Bool = false) throws -> RedisClient {
    var configuration = RedisClient.Configuration.defaults
    configuration.connectionWait = .seconds(30)
    configuration.commandTimeout = .seconds(30)
    configuration.allowsReplicas = allowsReplicas
    return RedisClient(
      address: try RedisAddress(url: server.url), configuration: configuration,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }

  private func saying(_ text: String, _ idempotency: Append.Idempotency) -> Append {
    Append(
      conversation: .lobby, sender: .ada, idempotency: idempotency, content: ByteBuffer(string: text),
      wantsReplication: true)
  }

  private func isReplicated(_ outcome: AppendOutcome) -> Bool? {
    if case .accepted(_, _, let isReplicated) = outcome { isReplicated } else { nil }
  }

  @Test("What a replica has is replicated, and nothing is that was not asked to be")
  func replicated() async throws {
    try await withReplica { stores, _, _, replica, _ in
      let outcome = try await stores.log.append(saying("hello", .producer(.outbox, counter: 1)))
      #expect(isReplicated(outcome) == true)
      let copy = try await Stores.redis(replica).log.read(.lobby, after: nil, limit: 10)
      #expect(copy == [outcome.entry])
      let plain = try await stores.log.append(.saying("hello"))
      #expect(isReplicated(plain) == false)
    }
  }

  @Test("With replicas short a message is accepted and not replicated; its repetition waits again")
  func short() async throws {
    let key = Append.Idempotency.key(try IdempotencyKey("k"))
    try await withReplica(timeoutMilliseconds: 300) { stores, _, _, _, replicaServer in
      replicaServer.pause()
      for idempotency in [Append.Idempotency.producer(.outbox, counter: 1), key] {
        let outcome = try await stores.log.append(saying("hello", idempotency))
        #expect(outcome.entry != nil)
        #expect(isReplicated(outcome) == false)
        let again = try await stores.log.append(saying("hello", idempotency))
        #expect(isReplicated(again) == false)
      }
      replicaServer.resume()
      for idempotency in [Append.Idempotency.producer(.outbox, counter: 1), key] {
        try await eventually("it is replicated") {
          let again = try await stores.log.append(saying("hello", idempotency))
          guard case .accepted(_, duplicate: true, _) = again else { return false }
          return isReplicated(again) == true
        }
      }
    }
  }

  @Test("More replicas than there are never have it")
  func tooMany() async throws {
    try await withReplica(replicas: 2, timeoutMilliseconds: 300) { stores, _, _, _, _ in
      let outcome = try await stores.log.append(saying("hello", .none))
      #expect(isReplicated(outcome) == false)
    }
  }

  @Test("Appends that come together wait together, also when Redis has forgotten the script")
  func batches() async throws {
    try await withReplica { stores, master, _, _, _ in
      _ = try await master.send(RedisCommand("SCRIPT", "FLUSH"))
      let append = saying("hello", .none)
      let outcomes = try await concurrently(400) { _ in try await stores.log.append(append) }
      #expect(outcomes.allSatisfy { isReplicated($0) == true })
      #expect(Set(outcomes.compactMap(\.entry?.position)).count == 400)
      let statistics = try await master.send(RedisCommand("INFO", "commandstats")).asString()
      let waits = statistics.split(separator: "\r\n").first { $0.hasPrefix("cmdstat_wait:") }
      let calls = waits?.split(separator: "=").dropFirst().first?.prefix { $0.isNumber }
      #expect(Int(calls ?? "") ?? .max < 100)
    }
  }

  @Test("A replica that takes over goes on in a new epoch after the last entry that it has")
  func failover() async throws {
    try await withReplica { stores, _, _, replica, replicaServer in
      let kept = try #require(try await stores.log.append(saying("kept", .none)).entry)
      // From here on it hears nothing of what its master writes.
      _ = try await replica.send(RedisCommand("REPLICAOF", "NO", "ONE"))
      let lost = try #require(try await stores.log.append(.saying("lost")).entry)
      #expect(lost.position == LogPosition(epoch: kept.position.epoch, seq: 2))
      let promoted = try client(of: replicaServer)
      let others = Stores.redis(promoted)
      let next = try #require(try await others.log.append(.saying("next")).entry)
      #expect(next.previous == kept.position)
      #expect(next.position.epoch > lost.position.epoch)
      #expect(next.position.seq == 1)
      #expect(try await others.log.append(.saying("more")).entry?.position.seq == 2)
      #expect(try await others.log.read(.lobby, after: kept.position, limit: 1) == [next])
      await promoted.shutdown()
    }
  }

  @Test("A master that becomes a replica is left; as a master again it is another store")
  func demotion() async throws {
    try await withReplica { stores, master, masterServer, _, _ in
      var identities = stores.sessions.identities().makeAsyncIterator()
      let identity = try #require(await identities.next())
      let first = try #require(try await stores.log.append(.saying("1")).entry)
      let other = try await RedisServer()
      let admin = try client(of: masterServer, allowsReplicas: true)
      _ = try await admin.send(RedisCommand("REPLICAOF", "127.0.0.1", other.port))
      let error = await #expect(throws: StoreError.self) { try await stores.log.append(.saying("2")) }
      #expect(error?.code == .unavailable)
      try await eventually("the replica is left") { !master.isReady }
      _ = try await admin.send(RedisCommand("REPLICAOF", "NO", "ONE"))
      let outcome = try await stores.log.append(.saying("2"))
      #expect(await identities.next() != identity)
      // It took over the other's data, which is none.
      #expect(outcome.entry?.position.epoch != first.position.epoch)
      await admin.shutdown()
      try await other.stop()
    }
  }
}
