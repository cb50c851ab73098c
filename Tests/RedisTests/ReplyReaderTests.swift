import NIOCore
import Testing

@testable import Redis

@Suite("Reply reader")
struct ReplyReaderTests {
  private static let replies: [(wire: String, value: RedisValue)] = [
    ("+OK\r\n", .status("OK")),
    ("+\r\n", .status("")),
    (":-42\r\n", .integer(-42)),
    (":9223372036854775807\r\n", .integer(.max)),
    ("$5\r\na\0\r\nb\r\n", .bytes(Array("a\0\r\nb".utf8))),
    ("$0\r\n\r\n", .bytes([])),
    ("$-1\r\n", .null),
    ("*-1\r\n", .null),
    ("*0\r\n", .array([])),
    ("-WRONGTYPE no\r\n", .error(RedisError(serverReply: "WRONGTYPE no"))),
    (
      "*4\r\n*2\r\n:1\r\n*0\r\n$-1\r\n-ERR x\r\n*1\r\n*1\r\n+deep\r\n",
      .array([
        .array([.integer(1), .array([])]), .null, .error(RedisError(serverReply: "ERR x")),
        .array([.array([.status("deep")])]),
      ])
    ),
  ]

  private func readAll(_ reader: ReplyReader, _ bytes: some Sequence<UInt8>) throws -> [RedisValue] {
    try reader.feed(ByteBuffer(bytes: bytes))
    var values: [RedisValue] = []
    while let value = try reader.next() { values.append(value) }
    return values
  }

  @Test("Replies that come together are told apart")
  func together() throws {
    let reader = ReplyReader(maximumReplyBytes: 1024)
    let wire = Self.replies.map(\.wire).joined()
    #expect(try readAll(reader, wire.utf8) == Self.replies.map(\.value))
  }

  @Test("Replies that come in pieces are put together", arguments: [1, 2, 3, 7])
  func inPieces(size: Int) throws {
    let reader = ReplyReader(maximumReplyBytes: 1024)
    let wire = Array(Self.replies.map(\.wire).joined().utf8)
    var values: [RedisValue] = []
    for start in stride(from: 0, to: wire.count, by: size) {
      values += try readAll(reader, wire[start..<min(start + size, wire.count)])
    }
    #expect(values == Self.replies.map(\.value))
  }

  @Test(
    "What is not the protocol is a violation, then and for ever",
    arguments: [
      "HTTP/1.1 400 Bad Request\r\n", "$x\r\n", "$-2\r\n", "*-2\r\n", ":1x\r\n", ":\r\n", "*99999999999\r\n",
      String(repeating: "*1\r\n", count: 9),
    ])
  func violations(wire: String) throws {
    let reader = ReplyReader(maximumReplyBytes: 1024)
    for _ in 1...2 {
      let error = #expect(throws: RedisError.self) { try readAll(reader, wire.utf8) }
      #expect(error?.code == .protocolViolation)
    }
  }

  @Test("An announced length reserves nothing before its bytes come")
  func hugeClaims() throws {
    let reader = ReplyReader(maximumReplyBytes: 1024)
    #expect(try readAll(reader, "*2147483647\r\n*2147483647\r\n$9223372036854775807\r\nabc".utf8) == [])
  }

  @Test("A reply larger than the limit is a violation, many smaller ones are none")
  func limit() throws {
    let reader = ReplyReader(maximumReplyBytes: 100)
    for _ in 1...10 {
      #expect(try readAll(reader, "$60\r\n\(String(repeating: "x", count: 60))\r\n".utf8).count == 1)
    }
    let error = #expect(throws: RedisError.self) {
      for _ in 1...10 { _ = try readAll(reader, "$200\r\n\(String(repeating: "x", count: 20))".utf8) }
    }
    #expect(error?.code == .protocolViolation)
  }

  @Test("Random bytes never do more than throw")
  func randomBytes() {
    var random = SeededRandom(seed: 7)
    let alphabet = Array("+-:$*0123456789\r\n\r\nabc\0".utf8)
    for _ in 1...5_000 {
      let reader = ReplyReader(maximumReplyBytes: 1 << 20)
      let length = Int.random(in: 1...64, using: &random)
      let bytes = (0..<length).map { _ in alphabet.randomElement(using: &random)! }
      do {
        _ = try readAll(reader, bytes)
      } catch {
        #expect((error as? RedisError)?.code == .protocolViolation)
      }
    }
  }
}

/// SplitMix64: the same sequence in every run.
struct SeededRandom: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var value = state
    value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
    value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
    return value ^ (value >> 31)
  }
}
