import NIOCore
import Testing

@testable import NgRPC

@Suite("The deframer")
struct MessageDeframerTests {
  /// All messages in `chunks`.
  private func messages(in chunks: [[UInt8]], limit: Int = 100) throws -> [[UInt8]] {
    var deframer = MessageDeframer(limit: limit)
    var messages: [[UInt8]] = []
    for chunk in chunks {
      try chunk.withUnsafeBytes { bytes in
        var rest = bytes
        while let message = try deframer.next(in: &rest) {
          switch message.bytes {
          case .inPlace(let bytes): messages.append(Array(bytes))
          case .assembled(let buffer): messages.append(Array(buffer.readableBytesView))
          }
        }
        #expect(rest.isEmpty)
      }
    }
    return messages
  }

  private let stream: [UInt8] = [0, 0, 0, 0, 3, 1, 2, 3] + [0, 0, 0, 0, 0] + [0, 0, 0, 0, 1, 9]

  @Test("Messages are found however the stream is cut", arguments: 1...19)
  func cuts(size: Int) throws {
    let chunks = stride(from: 0, to: stream.count, by: size).map {
      Array(stream[$0..<min($0 + size, stream.count)])
    }
    #expect(try messages(in: chunks) == [[1, 2, 3], [], [9]])
  }

  @Test("A message over the limit is refused by its prefix alone")
  func limit() throws {
    for chunks: [[UInt8]] in [[[0, 0, 0, 0, 101]], [[0, 0, 0], [0, 101]], [[0, 255, 255, 255, 255]]] {
      let error = #expect(throws: RPCError.self) { try messages(in: chunks) }
      #expect(error?.code == .resourceExhausted)
    }
    #expect(try messages(in: [[0, 0, 0, 0, 100]]).isEmpty)
  }

  @Test(
    "A compressed message without an agreed encoding, and an unknown flag, are INTERNAL",
    arguments: [1, 2, 255])
  func flags(flag: UInt8) {
    let error = #expect(throws: RPCError.self) { try messages(in: [[flag, 0, 0, 0, 1, 5]]) }
    #expect(error?.code == .internalError)
  }

  @Test("Messages of a stream with an encoding are compressed one by one", arguments: [1, 3, 100])
  func compressed(size: Int) throws {
    var deframer = MessageDeframer(limit: 100, encoding: .gzip)
    let stream: [UInt8] = [1, 0, 0, 0, 2, 8, 9] + [0, 0, 0, 0, 0] + [1, 0, 0, 0, 1, 7]
    var flags: [Bool] = []
    for start in Swift.stride(from: 0, to: stream.count, by: size) {
      try stream[start..<min(start + size, stream.count)].withUnsafeBytes { bytes in
        var rest = bytes
        while let message = try deframer.next(in: &rest) { flags.append(message.isCompressed) }
      }
    }
    #expect(flags == [true, false, true])
  }
}

@Suite("Headers")
struct HeaderFormatTests {
  @Test(
    "A time-out is written in the finest unit that fits, rounded up",
    arguments: [
      (1, "1n"), (99_999_999, "99999999n"), (100_000_000, "100000u"), (100_000_001, "100001u"),
      (3_600_000_000_000, "3600000m"), (Int64.max, "2562048H"), (0, "0n"), (-5, "0n"),
    ])
  func timeoutWritten(nanoseconds: Int64, text: String) {
    #expect(GRPCTimeout(nanoseconds: nanoseconds).header == text)
  }

  @Test(
    "A time-out is read in every unit",
    arguments: [
      ("7n", 7), ("7u", 7_000), ("7m", 7_000_000), ("7S", 7_000_000_000), ("7M", 420_000_000_000),
      ("7H", 25_200_000_000_000), ("99999999H", Int64.max),
    ])
  func timeoutRead(text: String, nanoseconds: Int64) {
    #expect(GRPCTimeout(parsing: text.utf8)?.nanoseconds == nanoseconds)
  }

  @Test(
    "A malformed time-out is refused", arguments: ["", "S", "1", "123456789S", "1s", "-1S", "1.5S", "0x1S"])
  func timeoutMalformed(text: String) {
    #expect(GRPCTimeout(parsing: text.utf8) == nil)
  }

  @Test(
    "Status messages survive their escapes",
    arguments: ["", "plain", "50% off", "ärger\r\n\t😀", "%41", "\u{7f}"])
  func percent(text: String) {
    let encoded = PercentEncoding.encode(text)
    #expect(encoded.utf8.allSatisfy { (0x20...0x7e).contains($0) })
    #expect(PercentEncoding.decode(encoded.utf8) == text)
  }

  @Test(
    "A bad escape stands for itself",
    arguments: [("%", "%"), ("%4", "%4"), ("%zz%41", "%zzA"), ("100%!", "100%!")])
  func badPercent(text: String, decoded: String) {
    #expect(PercentEncoding.decode(text.utf8) == decoded)
  }

  @Test("Bytes survive base64, padded or not", arguments: 0...9)
  func base64(count: Int) {
    let bytes = (0..<count).map { UInt8(truncatingIfNeeded: $0 &* 83 &+ 7) }
    let text = Base64.encode(bytes)
    #expect(!text.contains("="))
    #expect(Base64.decode(text.utf8) == bytes)
    let padded = text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
    #expect(Base64.decode(padded.utf8) == bytes)
  }

  @Test("What is no base64 is refused", arguments: ["A", "AA=A", "A===", "AA!A", "AAA=="])
  func badBase64(text: String) {
    #expect(Base64.decode(text.utf8) == nil)
  }
}
