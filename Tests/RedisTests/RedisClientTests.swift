import Redis
import TestSupport
import Testing

@Suite("Redis client on a real server")
struct RedisClientTests {
  @Test("Ten thousand concurrent commands get their own replies")
  func tenThousandConcurrent() async throws {
    let (server, client) = try await connectedPair()
    try await withThrowingTaskGroup { group in
      for number in 0..<10_000 {
        group.addTask {
          let reply = try await client.send(RedisCommand("ECHO", number))
          #expect(try reply.asInteger() == number)
        }
      }
      try await group.waitForAll()
    }
    await client.shutdown()
    try await server.stop()
  }

  @Test("Ten thousand commands handed in together run in their order")
  func tenThousandTogether() async throws {
    let (server, client) = try await connectedPair()
    let replies = await client.send(Array(repeating: RedisCommand("INCR", "counter"), count: 10_000))
    #expect(try replies.map { try $0.get().asInteger() } == Array(1...10_000))
    await client.shutdown()
    try await server.stop()
  }

  @Test(
    "Values are any bytes",
    arguments: [[], [0], [0, 13, 10, 0], Array("$-1\r\n".utf8), Array(0...255)] as [[UInt8]])
  func anyBytes(value: [UInt8]) async throws {
    let (server, client) = try await connectedPair()
    _ = try await client.send(RedisCommand("SET", value + [1], value))
    #expect(try await client.send(RedisCommand("GET", value + [1])) == .bytes(value))
    await client.shutdown()
    try await server.stop()
  }

  @Test("A value of 10 MB goes there and back between small ones")
  func largeValue() async throws {
    let (server, client) = try await connectedPair()
    let value = (0..<10_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let replies = await client.send([
      RedisCommand("ECHO", "before"), RedisCommand("SET", "large", value), RedisCommand("GET", "large"),
      RedisCommand("ECHO", "after"),
    ])
    #expect(
      try replies.map { try $0.get() } == [
        .bytes(Array("before".utf8)), .status("OK"), .bytes(value), .bytes(Array("after".utf8)),
      ])
    await client.shutdown()
    try await server.stop()
  }

  @Test("Arrays may be nested")
  func nestedArrays() async throws {
    let (server, client) = try await connectedPair()
    let reply = try await client.send(RedisCommand("EVAL", "return {1, {2, {3, {}}, false}, 'x'}", 0))
    #expect(
      reply
        == .array([
          .integer(1), .array([.integer(2), .array([.integer(3), .array([])]), .null]),
          .bytes(Array("x".utf8)),
        ]))
    await client.shutdown()
    try await server.stop()
  }

  @Test("A failed command is its own error, and the others' replies are their own")
  func errorsInPipeline() async throws {
    let (server, client) = try await connectedPair()
    let replies = await client.send([
      RedisCommand("SET", "text", "x"), RedisCommand("INCR", "text"), RedisCommand("NOSUCH"),
      RedisCommand("LPUSH", "text", "y"), RedisCommand("GET", "text"),
    ])
    #expect(replies[0] == .success(.status("OK")))
    #expect(replies[4] == .success(.bytes(Array("x".utf8))))
    let codes = replies[1...3].map { reply -> String? in
      if case .failure(let error) = reply, error.code == .server { error.serverCode } else { nil }
    }
    #expect(codes == ["ERR", "ERR", "WRONGTYPE"])
    await client.shutdown()
    try await server.stop()
  }

  @Test("An error inside a transaction's replies is an element")
  func errorsInTransaction() async throws {
    let (server, client) = try await connectedPair()
    let replies = await client.send([
      RedisCommand("MULTI"), RedisCommand("SET", "text", "x"), RedisCommand("LPUSH", "text", "y"),
      RedisCommand("EXEC"),
    ])
    let elements = try replies[3].get().asArray()
    #expect(elements.first == .status("OK"))
    guard case .error(let error) = elements.last else { throw RedisError(.unexpectedReply, "\(elements)") }
    #expect(error.serverCode == "WRONGTYPE")
    await client.shutdown()
    try await server.stop()
  }

  @Test("A known server error says what to do")
  func remedies() async throws {
    let (server, client) = try await connectedPair(options: ["maxmemory": "1"])
    let error = await #expect(throws: RedisError.self) {
      try await client.send(RedisCommand("SET", "key", "value"))
    }
    #expect(error?.serverCode == "OOM")
    #expect(error?.message.contains("raise maxmemory") == true)
    await client.shutdown()
    try await server.stop()
  }

  @Test("User, password and database of the address are used")
  func credentials() async throws {
    let server = try await RedisServer()
    let admin = RedisClient(address: try server.address, configuration: .patient, logger: .quiet)
    _ = try await admin.send(
      RedisCommand("ACL", "SETUSER", "me", "on", ">p@ss", "allkeys", "allcommands"))
    var configuration = RedisClient.Configuration.patient
    configuration.clientName = "cim-test"
    let client = RedisClient(
      address: try RedisAddress(url: "redis://me:p%40ss@127.0.0.1:\(server.port)/5"),
      configuration: configuration, logger: .quiet)
    #expect(try await client.send(RedisCommand("ACL", "WHOAMI")).asString() == "me")
    let info = try await client.send(RedisCommand("CLIENT", "INFO")).asString()
    #expect(info.contains("name=cim-test") && info.contains("db=5"))
    await client.shutdown()
    await admin.shutdown()
    try await server.stop()
  }

  @Test(
    "A wrong password is a typed error that names the remedy",
    arguments: [("wrong@", "WRONGPASS"), ("", "NOAUTH")])
  func wrongPassword(credentials: String, code: String) async throws {
    let (server, admin) = try await connectedPair()
    _ = try await admin.send(RedisCommand("CONFIG", "SET", "requirepass", "right"))
    let client = RedisClient(
      address: try RedisAddress(url: "redis://\(credentials)127.0.0.1:\(server.port)"), logger: .quiet)
    let error = await #expect(throws: RedisError.self) { try await client.ping() }
    #expect(error?.code == .connectFailed)
    #expect(error?.message.contains(code) == true && error?.message.contains("the address") == true)
    #expect(!client.isReady)
    await client.shutdown()
    await admin.shutdown()
    try await server.stop()
  }

  @Test("No commands are no replies")
  func nothing() async throws {
    let (server, client) = try await connectedPair()
    #expect(await client.send([]).isEmpty)
    await client.shutdown()
    try await server.stop()
  }
}
