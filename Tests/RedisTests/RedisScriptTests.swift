import Redis
import TestSupport
import Testing

@Suite("Redis scripts")
struct RedisScriptTests {
  private let script = RedisScript("redis.call('SET', KEYS[1], ARGV[1]); return {KEYS[1], ARGV[1]}")

  @Test("A script runs with its keys and arguments, however often the server forgets it")
  func forgotten() async throws {
    let (server, client) = try await connectedPair()
    for round in 1...3 {
      let reply = try await client.run(script.call(keys: ["key"], "value \(round)"))
      #expect(reply == .array([.bytes(Array("key".utf8)), .bytes(Array("value \(round)".utf8))]))
      _ = try await client.send(RedisCommand("SCRIPT", "FLUSH"))
    }
    await client.shutdown()
    try await server.stop()
  }

  @Test("Runs handed in together keep their order, also when the server has forgotten the script")
  func together() async throws {
    let (server, client) = try await connectedPair()
    let push = RedisScript("return redis.call('RPUSH', KEYS[1], ARGV[1])")
    for round in 0...1 {
      let replies = await client.run((1...100).map { push.call(keys: ["list"], $0) })
      #expect(try replies.map { try $0.get().asInteger() } == (1...100).map { round * 100 + $0 })
      _ = try await client.send(RedisCommand("SCRIPT", "FLUSH"))
    }
    let list = try await client.send(RedisCommand("LRANGE", "list", 0, -1)).asArray()
    #expect(try list.map { try $0.asInteger() } == Array(1...100) + Array(1...100))
    await client.shutdown()
    try await server.stop()
  }

  @Test("The source travels once")
  func loadedOnce() async throws {
    let (server, client) = try await connectedPair()
    for _ in 1...5 { _ = try await client.run(script.call(keys: ["key"], "value")) }
    let statistics = try await client.send(RedisCommand("INFO", "commandstats")).asString()
    #expect(statistics.contains("cmdstat_script|load:calls=1,"))
    #expect(statistics.contains("cmdstat_evalsha:calls=5,"))
    #expect(!statistics.contains("cmdstat_eval:"))
    await client.shutdown()
    try await server.stop()
  }

  @Test("A restarted server gets the script again by itself")
  func restarted() async throws {
    let (server, client) = try await connectedPair()
    _ = try await client.run(script.call(keys: ["key"], "value"))
    try await server.kill()
    try await eventually("the client noticed") { !client.isReady }
    try await server.start()
    try await eventually("the client reconnected") { client.isReady }
    _ = try await client.run(script.call(keys: ["key"], "value"))
    await client.shutdown()
    try await server.stop()
  }

  @Test("Arguments are any bytes")
  func binary() async throws {
    let (server, client) = try await connectedPair()
    let bytes: [UInt8] = [0, 13, 10, 255]
    let reply = try await client.run(script.call(keys: ["key"], bytes))
    #expect(try reply.asArray().last == .bytes(bytes))
    await client.shutdown()
    try await server.stop()
  }

  @Test("An error in the script is a server error")
  func scriptError() async throws {
    let (server, client) = try await connectedPair()
    let failing = RedisScript("return redis.error_reply('NOTTODAY come back tomorrow')")
    let error = await #expect(throws: RedisError.self) {
      try await client.run(failing.call(keys: []))
    }
    #expect(error?.code == .server)
    #expect(error?.serverCode == "NOTTODAY")
    await client.shutdown()
    try await server.stop()
  }
}
