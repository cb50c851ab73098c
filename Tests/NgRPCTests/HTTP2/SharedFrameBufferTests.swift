import NIOCore
import Testing

@testable import NgRPC

/// A client's and a server's session that talk in memory.
private struct Pair {
  private let client = NgHTTP2Session(role: .client, limits: Self.limits)
  let server: NgHTTP2Session
  private static let limits = NgHTTP2Session.Limits(
    streamWindow: 1 << 20, connectionWindow: 1 << 20, maxConcurrentStreams: 100, maxHeaderListSize: 1 << 20)

  init(sharing buffers: EventLoopBuffers?) {
    server = NgHTTP2Session(role: .server, limits: Self.limits, buffers: buffers)
  }

  /// Has the server answer a request with `metadata` bytes of metadata, a message of `size` bytes, and trailers.
  func request(answering size: Int, metadata: Int, filler: UInt8) throws {
    let stream = HTTP2Stream()
    stream.end = .endStream
    var headers = HeaderList()
    headers.add(":method", "POST")
    headers.add(":scheme", "http")
    headers.add(":path", "/a/b")
    headers.add(":authority", "localhost")
    headers.add("content-type", "application/grpc")
    #expect(client.submitRequest(stream, headers))
    _ = try client.produceOutput(limit: .max)
    try client.output.withUnsafeReadableBytes { bytes throws in try server.receive(bytes) }
    client.output = ByteBuffer()
    var answered = 0
    for event in server.events {
      guard case .request(let stream, _, _) = event else { continue }
      answered += 1
      var head = HeaderList()
      head.add(":status", "200")
      head.add("x-large", String(repeating: Character(UnicodeScalar(filler)), count: metadata))
      server.submitResponseHead(stream, head)
      stream.outbound.writeRepeatingByte(filler, count: size)
      var trailers = HeaderList()
      trailers.add("grpc-status", "0")
      trailers.add("x-large-too", String(repeating: Character(UnicodeScalar(filler)), count: metadata))
      stream.end = .trailers(trailers)
    }
    server.events = []
    #expect(answered == 1)
  }
}

@Suite("The frame buffer that sessions share")
struct SharedFrameBufferTests {
  /// What three servers send, which take turns after `limit` bytes each.
  private func output(sharing buffers: EventLoopBuffers?, limit: Int) throws -> [ByteBuffer] {
    let pairs = (0..<3).map { _ in Pair(sharing: buffers) }
    for (index, pair) in pairs.enumerated() {
      for size in [10, 20_000, 50_000] {
        // The Huffman code of these takes 5 to 8 bits a byte: well over one frame of 16 KiB.
        try pair.request(answering: size, metadata: 40 * 1024, filler: UInt8(ascii: "x") + UInt8(index))
      }
    }
    var output = [ByteBuffer](repeating: ByteBuffer(), count: pairs.count)
    var hasMore = true
    while hasMore {
      hasMore = false
      for (index, pair) in pairs.enumerated() {
        if try pair.server.produceOutput(limit: limit) { hasMore = true }
        output[index].writeBuffer(&pair.server.output)
        pair.server.output = ByteBuffer()
      }
    }
    return output
  }

  @Test(
    "What is sent is the same byte by byte, with large headers and sessions that take turns",
    arguments: [1, 5000, 1 << 20])
  func bytes(limit: Int) throws {
    let alone = try output(sharing: nil, limit: limit)
    let shared = try output(sharing: EventLoopBuffers(), limit: limit)
    #expect(alone.allSatisfy { $0.readableBytes > 150_000 })
    #expect(alone == shared)
  }

  @Test("Output stops soon after the limit, also in the middle of messages")
  func limit() throws {
    let pair = Pair(sharing: EventLoopBuffers())
    for _ in 0..<8 { try pair.request(answering: 100_000, metadata: 10, filler: UInt8(ascii: "a")) }
    #expect(try pair.server.produceOutput(limit: 32 * 1024))
    #expect(pair.server.output.readableBytes < 32 * 1024 + 16 * 1024 + 100)
  }
}
