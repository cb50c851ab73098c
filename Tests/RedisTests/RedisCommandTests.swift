import NIOCore
import Testing

@testable import Redis

@Suite("Redis command")
struct RedisCommandTests {
  private func wire(_ command: RedisCommand) throws -> [UInt8] {
    var buffer = ByteBuffer()
    try command.write(to: &buffer)
    return Array(buffer.readableBytesView)
  }

  @Test("Text, bytes and numbers are sent as counted bytes")
  func arguments() throws {
    let command = RedisCommand("SET", "kéy", [0, 13, 10] as [UInt8], -7, UInt64.max, ByteBuffer(string: "b"))
    let expected =
      "*6\r\n$3\r\nSET\r\n$4\r\nkéy\r\n$3\r\n\0\r\n\r\n$2\r\n-7\r\n$20\r\n18446744073709551615\r\n$1\r\nb\r\n"
    #expect(try wire(command) == Array(expected.utf8))
  }

  @Test("Empty arguments keep their place")
  func empty() throws {
    #expect(
      try wire(RedisCommand("X", "", [] as [UInt8])) == Array("*3\r\n$1\r\nX\r\n$0\r\n\r\n$0\r\n\r\n".utf8))
  }

  @Test("Arguments can be added one by one and in sequence")
  func appending() throws {
    var command = RedisCommand("DEL", "a")
    command.append("b")
    command.append(contentsOf: ["c", "d"])
    #expect(command == RedisCommand("DEL", "a", "b", "c", "d"))
    #expect(command.name == "DEL")
  }
}
