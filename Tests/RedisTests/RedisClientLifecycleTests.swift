import Redis
import TestSupport
import Testing

@Suite("Redis client: bounds and the end")
struct RedisClientLifecycleTests {
  @Test("Commands beyond the bound are refused, and nothing else is")
  func overloaded() async throws {
    var configuration = RedisClient.Configuration.patient
    configuration.maximumPendingCommands = 10
    let (server, client) = try await connectedPair(configuration: configuration)
    let replies = await client.send(Array(repeating: RedisCommand("PING"), count: 11))
    #expect(
      replies.allSatisfy { if case .failure(let error) = $0 { error.code == .overloaded } else { false } })
    try await client.ping()
    await client.shutdown()
    try await server.stop()
  }

  @Test("A cancelled task gets its answer at once, and the connection goes on in step")
  func cancellation() async throws {
    let (server, client) = try await connectedPair()
    let task = Task { try await client.send(RedisCommand("BLPOP", "list", 1)) }
    task.cancel()
    let error = await #expect(throws: RedisError.self) { try await task.value }
    #expect(error?.code == .cancelled)
    #expect(try await client.send(RedisCommand("ECHO", "in step")).asString() == "in step")
    await client.shutdown()
    try await server.stop()
  }

  @Test("A shutdown lets what was sent be answered and refuses what comes later")
  func shutdown() async throws {
    let (server, client) = try await connectedPair()
    let sent = Task { await client.send(Array(repeating: RedisCommand("INCR", "n"), count: 1000)) }
    try await eventually("the commands sent") {
      try await client.send(RedisCommand("EXISTS", "n")).asInteger() == 1
    }
    await client.shutdown()
    #expect(try await sent.value.last?.get().asInteger() == 1000)
    let error = await #expect(throws: RedisError.self) { try await client.ping() }
    #expect(error?.code == .shutdown)
    await client.shutdown()
    try await server.stop()
  }

  @Test("A shutdown at whatever moment ends, whether the server accepts the client, refuses it or is absent")
  func shutdownAtAnyMoment() async throws {
    let (server, admin) = try await connectedPair()
    let absent = try freePort()
    _ = try await admin.send(RedisCommand("CONFIG", "SET", "requirepass", "right"))
    let urls = ["right@127.0.0.1:\(server.port)", "wrong@127.0.0.1:\(server.port)", "127.0.0.1:\(absent)"]
    try await withThrowingTaskGroup { group in
      for index in 0..<300 {
        group.addTask {
          let client = RedisClient(
            address: try RedisAddress(url: "redis://" + urls[index % 3]), logger: .quiet)
          try await Task.sleep(for: .microseconds(index * 400))
          await client.shutdown()
          let error = await #expect(throws: RedisError.self) { try await client.ping() }
          #expect(error?.code == .shutdown)
        }
      }
      try await group.waitForAll()
    }
    await admin.shutdown()
    try await server.stop()
  }

  @Test("A released client closes its connection")
  func release() async throws {
    let (server, client) = try await connectedPair()
    do {
      let released = RedisClient(address: try server.address, configuration: .patient, logger: .quiet)
      try await released.ping()
    }
    try await eventually("the released client's connection closed") {
      let clients = try await client.send(RedisCommand("CLIENT", "LIST")).asString()
      return clients.split(separator: "\n").count == 1
    }
    await client.shutdown()
    try await server.stop()
  }
}
