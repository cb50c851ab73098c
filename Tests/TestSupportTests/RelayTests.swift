import TestSupport
import Testing

@Suite struct RelayTests {
  @Test func `while a relay is silent nothing comes through, then all of it does, in order`() async throws {
    let redis = try await RedisServer()
    let relay = Relay()
    let socket = try LoopbackSocket(port: try await relay.start(to: redis.port))
    try socket.send(Array("ECHO 1\r\n".utf8))
    #expect(String(decoding: try socket.receive(), as: UTF8.self) == "$1\r\n1\r\n")
    relay.setSilent(true)
    try socket.send(Array("ECHO 2\r\n".utf8))
    try socket.send(Array("ECHO 3\r\n".utf8))
    #expect(throws: (any Error).self) { try socket.receive() }
    relay.setSilent(false)
    var answers = ""
    while !answers.contains("3") { answers += String(decoding: try socket.receive(), as: UTF8.self) }
    #expect(answers == "$1\r\n2\r\n$1\r\n3\r\n")
    await relay.stop()
  }

  @Test func `the end of a connection comes through only when the relay speaks again`() async throws {
    let redis = try await RedisServer()
    let relay = Relay()
    let socket = try LoopbackSocket(port: try await relay.start(to: redis.port))
    try socket.send(Array("ECHO 1\r\n".utf8))
    _ = try socket.receive()
    relay.setSilent(true)
    try await redis.kill()
    #expect(throws: (any Error).self) { try socket.receive() }
    relay.setSilent(false)
    #expect(try socket.receive().isEmpty)
    await relay.stop()
  }

  @Test func `while a relay is silent in one direction what goes the other way comes through`() async throws {
    let redis = try await RedisServer()
    let relay = Relay()
    let relayed = try LoopbackSocket(port: try await relay.start(to: redis.port))
    let direct = try LoopbackSocket(port: redis.port)
    relay.setSilent([.toCaller])
    try relayed.send(Array("RPUSH asked yes\r\n".utf8))
    try direct.send(Array("BLPOP asked 0\r\n".utf8))
    #expect(String(decoding: try direct.receive(), as: UTF8.self).hasSuffix("$3\r\nyes\r\n"))
    #expect(throws: (any Error).self) { try relayed.receive() }
    relay.setSilent(false)
    #expect(String(decoding: try relayed.receive(), as: UTF8.self) == ":1\r\n")
    await relay.stop()
  }

  @Test func `a relay that was cut takes new connections`() async throws {
    let redis = try await RedisServer()
    let relay = Relay()
    let port = try await relay.start(to: redis.port)
    let first = try LoopbackSocket(port: port)
    try first.send(Array("ECHO 1\r\n".utf8))
    _ = try first.receive()
    relay.cut()
    #expect(try first.receive().isEmpty)
    let second = try LoopbackSocket(port: port)
    try second.send(Array("ECHO 2\r\n".utf8))
    #expect(String(decoding: try second.receive(), as: UTF8.self) == "$1\r\n2\r\n")
    await relay.stop()
  }
}
