import Testing

@testable import Redis

@Suite("Redis value")
struct RedisValueTests {
  @Test("Values turn into what they are")
  func conversions() throws {
    #expect(try RedisValue.status("OK").asString() == "OK")
    #expect(try RedisValue.bytes(Array("hé".utf8)).asString() == "hé")
    #expect(try RedisValue.bytes([0, 255]).asBytes() == [0, 255])
    #expect(try RedisValue.integer(7).asInteger() == 7)
    #expect(try RedisValue.bytes(Array("18446744073709551615".utf8)).asInteger(UInt64.self) == .max)
    #expect(try RedisValue.array([.null]).asArray() == [.null])
    let pairs = try RedisValue.array([.status("a"), .integer(1)]).asPairs()
    #expect(pairs.map(\.key) == [.status("a")] && pairs.map(\.value) == [.integer(1)])
    #expect(RedisValue.null.ifPresent == nil)
    #expect(RedisValue.integer(0).ifPresent == .integer(0))
  }

  @Test("What a value is not, it says what it is instead")
  func mismatches() {
    let attempts: [(String, () throws -> Void)] = [
      ("nothing (nil)", { _ = try RedisValue.null.asString() }),
      ("5 other bytes", { _ = try RedisValue.bytes([1, 2, 3, 4, 255]).asString() }),
      ("the number -1", { _ = try RedisValue.integer(-1).asInteger(UInt64.self) }),
      ("a string of 2 bytes", { _ = try RedisValue.bytes([0x31, 0x78]).asInteger(Int.self) }),
      ("the status \"OK\"", { _ = try RedisValue.status("OK").asArray() }),
      ("an array of 1 elements", { _ = try RedisValue.array([.null]).asPairs() }),
    ]
    for (text, attempt) in attempts {
      let error = #expect(throws: RedisError.self) { try attempt() }
      #expect(error?.code == .unexpectedReply)
      #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
    }
  }
}
