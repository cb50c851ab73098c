import TestSupport
import Testing

@Suite struct ServerTests {
  @Test("An append-only Redis keeps its data over a crash, on the same port")
  func redisRestarts() async throws {
    let redis = try await RedisServer(appendOnly: true)
    let port = redis.port
    #expect(try await ask(redis, "SET", "key", "value") == "OK\n")
    try await redis.kill()
    try await redis.start()
    #expect(redis.port == port)
    #expect(try await ask(redis, "GET", "key") == "value\n")
  }

  @Test("A paused Redis answers nothing until it is resumed")
  func redisPauses() async throws {
    let redis = try await RedisServer()
    redis.pause()
    let asking = try ChildProcess(Command("redis-cli", ["-p", "\(redis.port)", "PING"]))
    await #expect(throws: DeadlineExceeded.self) {
      try await asking.output.wait(for: "PONG", within: .milliseconds(100))
    }
    redis.resume()
    try await asking.output.wait(for: "PONG")
    try await redis.stop()
  }

  @Test("ZooKeeper serves, stops, and serves again on the same port")
  func zooKeeperRestarts() async throws {
    let zooKeeper = try await ZooKeeperServer()
    let port = zooKeeper.port
    try await zooKeeper.stop()
    #expect(!zooKeeper.process.isRunning)
    try await zooKeeper.start()
    #expect(zooKeeper.port == port)
    #expect(zooKeeper.process.isRunning)
  }

  private func ask(_ redis: RedisServer, _ command: String...) async throws -> String {
    let process = try ChildProcess(Command("redis-cli", ["-p", "\(redis.port)"] + command))
    try await process.waitUntilExit()
    return process.output.text
  }
}
