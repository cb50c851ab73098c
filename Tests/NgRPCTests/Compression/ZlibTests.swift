import NIOCore
import Testing

@testable import NgRPC

@Suite("zlib")
struct ZlibTests {
  private func compressed(_ bytes: [UInt8], _ algorithm: CompressionAlgorithm) throws -> [UInt8] {
    var output = ByteBuffer()
    let isSmaller = bytes.withUnsafeBytes { Zlib.current.compress($0, with: algorithm, into: &output) }
    try #require(isSmaller)
    return Array(output.readableBytesView)
  }

  private func inflated(
    _ bytes: [UInt8], _ algorithm: CompressionAlgorithm = .gzip, limit: Int = 1 << 20
  ) throws -> [UInt8] {
    let output = try bytes.withUnsafeBytes { try Zlib.current.inflated($0, with: algorithm, limit: limit) }
    guard let output else { throw RPCError(code: .resourceExhausted, message: "over the limit") }
    return Array(output.readableBytesView)
  }

  /// What inflating fails with.
  private func failure(
    _ bytes: [UInt8], _ algorithm: CompressionAlgorithm = .gzip, limit: Int = 1 << 20
  ) -> RPCError? {
    #expect(throws: RPCError.self) { try inflated(bytes, algorithm, limit: limit) }
  }

  /// Bytes that compress, but not to nothing.
  private let text = (0..<5000).flatMap { Array("line \($0 % 977)\n".utf8) }

  @Test("What was compressed comes back, in turn with either format", arguments: [1, 2])
  func roundTrip(round: Int) throws {
    for algorithm in [CompressionAlgorithm.gzip, .deflate, .gzip, .gzip, .deflate] {
      let bytes = try compressed(text, algorithm)
      #expect(bytes.count < text.count / 2)
      #expect(try inflated(bytes, algorithm) == text)
    }
  }

  @Test("gzip and deflate are told apart by their first bytes")
  func formats() throws {
    #expect(try compressed(text, .gzip).prefix(3) == [0x1f, 0x8b, 8])
    #expect(try compressed(text, .deflate).first == 0x78)
    #expect(failure(try compressed(text, .deflate), .gzip)?.code == .internalError)
    #expect(failure(try compressed(text, .gzip), .deflate)?.code == .internalError)
  }

  @Test("What would not become smaller is not compressed", arguments: [0, 1, 5, 18, 500])
  func incompressible(count: Int) throws {
    let random = (0..<count).map { _ in UInt8.random(in: 0...255) }
    var output = ByteBuffer(string: "before")
    let isSmaller = random.withUnsafeBytes { Zlib.current.compress($0, with: .gzip, into: &output) }
    #expect(!isSmaller)
    #expect(String(buffer: output) == "before")
  }

  @Test("A message of exactly the limit is inflated; one of a byte more is refused")
  func limit() throws {
    for algorithm in [CompressionAlgorithm.gzip, .deflate] {
      let bytes = try compressed(text, algorithm)
      #expect(try inflated(bytes, algorithm, limit: text.count).count == text.count)
      #expect(failure(bytes, algorithm, limit: text.count - 1)?.code == .resourceExhausted)
      #expect(failure(bytes, algorithm, limit: 0)?.code == .resourceExhausted)
    }
  }

  @Test("Several members are one message, held to the limit together")
  func members() throws {
    let member = try compressed(text, .gzip)
    #expect(try inflated(member + member + member) == text + text + text)
    #expect(failure(member + member, limit: text.count * 2 - 1)?.code == .resourceExhausted)
  }

  @Test("What follows the end, or is missing before it, or is damaged, is INTERNAL")
  func damaged() throws {
    for algorithm in [CompressionAlgorithm.gzip, .deflate] {
      let bytes = try compressed(text, algorithm)
      #expect(failure(bytes + [0], algorithm)?.message.contains("1 more bytes follow") == true)
      for count in [0, 1, 9, bytes.count / 2, bytes.count - 1] {
        let error = failure(Array(bytes.prefix(count)), algorithm)
        #expect(error?.code == .internalError)
        #expect(error?.message.contains("its end is missing") == true)
      }
      var wrong = bytes
      wrong[bytes.count - (algorithm == .gzip ? 6 : 1)] ^= 1
      #expect(failure(wrong, algorithm)?.message.contains("incorrect data check") == true)
    }
    // The state is good for the next message.
    #expect(try inflated(try compressed(text, .gzip)) == text)
  }

  @Test("Any damage to any byte is INTERNAL, or does no harm")
  func flippedBytes() throws {
    let bytes = try compressed(Array("hello hello hello hello hello hello".utf8), .gzip)
    for index in bytes.indices {
      for bit in 0..<8 {
        var wrong = bytes
        wrong[index] ^= 1 << UInt8(bit)
        do {
          _ = try inflated(wrong, limit: 1000)
        } catch let error as RPCError {
          #expect(error.code == .internalError || error.code == .resourceExhausted)
        }
      }
    }
  }
}
