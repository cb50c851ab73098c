import CZlib
import NIOCore
import NIOPosix

/// The state that zlib needs, of one thread.
///
/// Compressing takes 264 KiB and inflating 44 KiB. They are made when a thread first needs them and used again for each
/// message: nothing is kept for a connection or a call.
final class Zlib {
  // Gives each thread what that thread has put there, and nothing of another's.
  nonisolated(unsafe) private static let threads = ThreadSpecificVariable<Zlib>()

  /// The calling thread's. It must not leave the thread, nor stay over a suspension.
  static var current: Zlib {
    if let known = threads.currentValue { return known }
    let made = Zlib()
    threads.currentValue = made
    return made
  }

  /// zlib keeps a pointer back to each stream, so they must not move.
  private var deflating: UnsafeMutablePointer<z_stream>?
  private var deflatingAlgorithm = CompressionAlgorithm.identity
  private var inflating: UnsafeMutablePointer<z_stream>?

  private init() {}

  deinit {
    if let deflating {
      deflateEnd(deflating)
      deflating.deallocate()
    }
    if let inflating {
      inflateEnd(inflating)
      inflating.deallocate()
    }
  }

  // MARK: Compressing

  /// Appends `input`, compressed, to `output`, unless that would not be smaller.
  ///
  /// - Returns: whether it was appended.
  func compress(
    _ input: UnsafeRawBufferPointer, with algorithm: CompressionAlgorithm, into output: inout ByteBuffer
  ) -> Bool {
    // What is around the data takes 18 bytes of a gzip member (RFC 1952, section 2.3), and more than that is to be won.
    guard input.count > 18 else { return false }
    let room = input.count - 1
    let stream = deflateStream(algorithm)
    return output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
      stream.pointee.next_in = Self.bytes(input)
      stream.pointee.avail_in = UInt32(input.count)
      stream.pointee.next_out = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
      stream.pointee.avail_out = UInt32(room)
      // Anything but the end means that the room did not do.
      return deflate(stream, Z_FINISH) == Z_STREAM_END ? room - Int(stream.pointee.avail_out) : 0
    } > 0
  }

  private func deflateStream(_ algorithm: CompressionAlgorithm) -> UnsafeMutablePointer<z_stream> {
    if let deflating {
      if algorithm == deflatingAlgorithm {
        deflateReset(deflating)
        return deflating
      }
      deflateEnd(deflating)
    }
    let stream = deflating ?? Self.makeStream()
    let result = deflateInit2_(
      stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, Self.windowBits(algorithm), 8, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard result == Z_OK else { fatalError("zlib could not allocate its state") }
    deflating = stream
    deflatingAlgorithm = algorithm
    return stream
  }

  // MARK: Inflating

  /// The bytes that `input` was made of.
  ///
  /// gzip may come in several members (RFC 1952, section 2.2). The output grows as it is made, so what is held is never more
  /// than `limit`, whatever `input` would become.
  ///
  /// - Returns: nil when there are more than `limit` bytes.
  /// - Throws: INTERNAL when `input` is damaged, is cut short, or goes on after its end.
  func inflated(
    _ input: UnsafeRawBufferPointer, with algorithm: CompressionAlgorithm, limit: Int
  ) throws(RPCError) -> ByteBuffer? {
    let stream = inflateStream(algorithm)
    stream.pointee.next_in = Self.bytes(input)
    stream.pointee.avail_in = UInt32(input.count)
    var output = ByteBuffer()
    var growth = Self.expectedSize(of: input, algorithm)
    while true {
      let result: Int32
      if output.readableBytes == limit {
        // Full: one more byte would be too many, but the end may still have to be read.
        var excess: UInt8 = 0
        var count = 0
        (result, count) = withUnsafeMutableBytes(of: &excess) { Self.step(stream, into: $0) }
        guard count == 0 else { return nil }
      } else {
        let room = min(growth, limit - output.readableBytes)
        result = Self.step(stream, into: &output, room: room)
        growth = max(output.readableBytes, 1024)
      }
      switch result {
      case Z_OK: continue
      case Z_STREAM_END:
        let rest = Int(stream.pointee.avail_in)
        if rest == 0 { return output }
        let next = UnsafeRawBufferPointer(rebasing: input.suffix(rest))
        guard algorithm == .gzip, rest >= 2, next[0] == 0x1f, next[1] == 0x8b else {
          throw Self.damaged(algorithm, "\(rest) more bytes follow its end")
        }
        inflateReset(stream)
      case Z_BUF_ERROR: throw Self.damaged(algorithm, "its end is missing")
      default:
        let reason: UnsafeMutablePointer<CChar>? = stream.pointee.msg
        throw Self.damaged(algorithm, reason.map { String(cString: $0) } ?? "error \(result)")
      }
    }
  }

  private static func step(
    _ stream: UnsafeMutablePointer<z_stream>, into output: inout ByteBuffer, room: Int
  ) -> Int32 {
    var result = Z_OK
    _ = output.writeWithUnsafeMutableBytes(minimumWritableBytes: room) { memory in
      var count = 0
      (result, count) = step(stream, into: UnsafeMutableRawBufferPointer(rebasing: memory[..<room]))
      return count
    }
    return result
  }

  private static func step(
    _ stream: UnsafeMutablePointer<z_stream>, into memory: UnsafeMutableRawBufferPointer
  ) -> (result: Int32, count: Int) {
    stream.pointee.next_out = memory.baseAddress?.assumingMemoryBound(to: UInt8.self)
    stream.pointee.avail_out = UInt32(clamping: memory.count)
    let room = Int(stream.pointee.avail_out)
    let result = inflate(stream, Z_NO_FLUSH)
    return (result, room - Int(stream.pointee.avail_out))
  }

  /// How much memory to begin with. gzip says at its end how long it becomes; a liar is held to what deflate can reach.
  private static func expectedSize(of input: UnsafeRawBufferPointer, _ algorithm: CompressionAlgorithm) -> Int
  {
    let largest = input.count * 1032
    guard algorithm == .gzip, input.count >= 18 else { return min(max(256, input.count * 4), largest + 1) }
    let length = UInt32(littleEndian: input.loadUnaligned(fromByteOffset: input.count - 4, as: UInt32.self))
    return max(1, min(Int(length), largest))
  }

  private func inflateStream(_ algorithm: CompressionAlgorithm) -> UnsafeMutablePointer<z_stream> {
    if let inflating {
      inflateReset2(inflating, Self.windowBits(algorithm))
      return inflating
    }
    let stream = Self.makeStream()
    let result = inflateInit2_(
      stream, Self.windowBits(algorithm), ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard result == Z_OK else { fatalError("zlib could not allocate its state") }
    inflating = stream
    return stream
  }

  private static func damaged(_ algorithm: CompressionAlgorithm, _ reason: String) -> RPCError {
    RPCError(code: .internalError, message: "The message is no valid \(algorithm): \(reason).")
  }

  // MARK: Both

  private static func makeStream() -> UnsafeMutablePointer<z_stream> {
    let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
    stream.initialize(to: z_stream())
    return stream
  }

  /// zlib's number for a window of 32 KiB and the format around it.
  private static func windowBits(_ algorithm: CompressionAlgorithm) -> Int32 {
    algorithm == .gzip ? 15 + 16 : 15
  }

  /// zlib only reads its input, and its declaration does not say so.
  private static func bytes(_ input: UnsafeRawBufferPointer) -> UnsafeMutablePointer<UInt8>? {
    UnsafeMutablePointer(mutating: input.baseAddress?.assumingMemoryBound(to: UInt8.self))
  }
}
