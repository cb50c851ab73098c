import Redis
import TestSupport
import Testing

@Suite("Redis client under faults")
struct RedisClientFaultTests {
  @Test("A killed server fails commands with typed errors, and a restarted one is used again")
  func serverRestarts() async throws {
    let (server, client) = try await connectedPair(configuration: .defaults)
    // A command that the server holds back is in flight when the server dies.
    let blocked = Task { try await client.send(RedisCommand("BLPOP", "never", 0)) }
    let observer = RedisClient(address: try server.address, configuration: .patient, logger: .quiet)
    try await eventually("the blocked command in flight") {
      try await observer.send(RedisCommand("INFO", "clients")).asString().contains("blocked_clients:1")
    }
    await observer.shutdown()
    try await server.kill()

    let lost = await #expect(throws: RedisError.self) { try await blocked.value }
    #expect(lost?.code == .connectionLost)
    #expect(lost?.mayHaveRun == true)
    let away = await #expect(throws: RedisError.self) { try await client.ping() }
    #expect(away?.code == .connectFailed)
    #expect(away?.mayHaveRun == false)
    #expect(!client.isReady)

    try await server.start()
    try await eventually("the client reconnected") { client.isReady }
    try await client.ping()
    await client.shutdown()
    try await server.stop()
  }

  @Test("A server that is absent at start is found when it comes")
  func absentAtStart() async throws {
    let server = try await RedisServer()
    try await server.stop()
    let client = RedisClient(address: try server.address, logger: .quiet)
    let error = await #expect(throws: RedisError.self) { try await client.ping() }
    #expect(error?.code == .connectFailed)
    #expect(error?.message.contains("refused") == true, "\(error?.message ?? "")")
    try await server.start()
    try await eventually("the client connected") { client.isReady }
    try await client.ping()
    await client.shutdown()
    try await server.stop()
  }

  @Test("A name that does not resolve is said so")
  func unknownName() async throws {
    let client = RedisClient(address: RedisAddress(host: "no-such-host.invalid"), logger: .quiet)
    let error = await #expect(throws: RedisError.self) { try await client.ping() }
    #expect(error?.code == .connectFailed)
    await client.shutdown()
  }

  @Test(
    "A frozen server times commands out, its connection is given up, and it is used again when it goes on")
  func frozenServer() async throws {
    var configuration = RedisClient.Configuration.defaults
    configuration.commandTimeout = .seconds(1)
    let (server, client) = try await connectedPair(configuration: configuration)
    server.pause()
    let error = await #expect(throws: RedisError.self) { try await client.ping() }
    #expect(error?.code == .timedOut)
    try await eventually("the connection given up") { !client.isReady }
    server.resume()
    try await eventually("the client reconnected") { client.isReady }
    await client.shutdown()
    try await server.stop()
  }

  @Test("Random bytes instead of replies are a protocol violation, and the next connection works")
  func randomBytes() async throws {
    let server = try await FakeRedisServer { connection, command in
      guard command == "ECHO" else { return .reply("+PONG\r\n") }
      return .reply(connection == 1 ? "\u{1}random\r\n" : "+fine\r\n")
    }
    let client = RedisClient(address: server.address, configuration: .patient, logger: .quiet)
    let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("ECHO", "x")) }
    #expect(error?.code == .protocolViolation)
    try await eventually("the client reconnected") { client.isReady }
    #expect(try await client.send(RedisCommand("ECHO", "x")).asString() == "fine")
    await client.shutdown()
    try await server.stop()
  }

  @Test("A half-closed connection is a lost one, and the next connection works")
  func halfClosed() async throws {
    let server = try await FakeRedisServer { connection, command in
      guard command == "ECHO" else { return .reply("+PONG\r\n") }
      return connection == 1 ? .closeOutput : .reply("+fine\r\n")
    }
    let client = RedisClient(address: server.address, configuration: .patient, logger: .quiet)
    let error = await #expect(throws: RedisError.self) { try await client.send(RedisCommand("ECHO", "x")) }
    #expect(error?.code == .connectionLost)
    try await eventually("the client reconnected") { client.isReady }
    #expect(try await client.send(RedisCommand("ECHO", "x")).asString() == "fine")
    await client.shutdown()
    try await server.stop()
  }

  @Test("What was answered before the connection broke stays answered")
  func partlyAnswered() async throws {
    let server = try await FakeRedisServer { _, command in
      command == "ECHO" ? .closeOutput : .reply("+PONG\r\n")
    }
    let client = RedisClient(address: server.address, configuration: .patient, logger: .quiet)
    let replies = await client.send([RedisCommand("PING"), RedisCommand("ECHO", "x"), RedisCommand("PING")])
    #expect(replies[0] == .success(.status("PONG")))
    for reply in replies[1...] {
      guard case .failure(let error) = reply else { throw RedisError(.unexpectedReply, "\(reply)") }
      #expect(error.code == .connectionLost)
    }
    await client.shutdown()
    try await server.stop()
  }

  @Test("A server that still loads its data is not ready, and is when it has loaded")
  func loading() async throws {
    let server = try await FakeRedisServer { connection, _ in
      .reply(connection < 3 ? "-LOADING Redis is loading the dataset in memory\r\n" : "+PONG\r\n")
    }
    let client = RedisClient(address: server.address, configuration: .patient, logger: .quiet)
    try await client.ping()
    await client.shutdown()
    try await server.stop()
  }
}
