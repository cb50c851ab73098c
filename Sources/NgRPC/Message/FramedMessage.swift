import NIOCore

/// A message encoded as it goes into a stream: a flag byte, the length in four bytes, the bytes.
///
/// Encode a message once and send it on many streams.
public struct FramedMessage: Sendable {
  /// Compressing this much takes about a millisecond: too long for an event loop, on which other connections wait.
  static let largeMessageBytes = 64 * 1024

  private var plain = ByteBuffer()
  private var compressed: (bytes: ByteBuffer, algorithm: CompressionAlgorithm)?

  /// Encodes a message, and compresses it here and now: large ones better not on an event loop.
  ///
  /// - Parameter compression: what the message is compressed with for the streams that use it. On others it is sent as it is, and
  ///   so it is on all when it would not become smaller.
  /// - Throws: what the message's encoding throws, or RESOURCE_EXHAUSTED for 4 GiB and more.
  public init(_ message: some RPCMessage, compression: CompressionAlgorithm = .identity) throws {
    try plain.writeFramed(message)
    compress(with: compression)
  }

  /// Encodes a message, and compresses it; a large one leaves the calling task's executor for that.
  ///
  /// - Throws: as the other one.
  public static func encoding(
    _ message: some RPCMessage, compression: CompressionAlgorithm
  ) async throws -> FramedMessage {
    let framed = try FramedMessage(message)
    guard compression != .identity else { return framed }
    guard framed.byteCount > largeMessageBytes else { return framed.compressed(with: compression) }
    return await withTaskExecutorPreference(globalConcurrentExecutor) {
      framed.compressed(with: compression)
    }
  }

  /// The size on a stream that is not compressed, in bytes.
  public var byteCount: Int { plain.readableBytes }

  /// What goes into a stream whose messages may be compressed with `algorithm`.
  func bytes(for algorithm: CompressionAlgorithm) -> ByteBuffer {
    if let compressed, compressed.algorithm == algorithm { compressed.bytes } else { plain }
  }

  /// How large that is.
  func size(for algorithm: CompressionAlgorithm) -> MessageSize {
    MessageSize(
      wireBytes: bytes(for: algorithm).readableBytes - ByteBuffer.messagePrefixLength,
      messageBytes: byteCount - ByteBuffer.messagePrefixLength)
  }

  private func compressed(with algorithm: CompressionAlgorithm) -> FramedMessage {
    var copy = self
    copy.compress(with: algorithm)
    return copy
  }

  private mutating func compress(with algorithm: CompressionAlgorithm) {
    guard algorithm != .identity else { return }
    var bytes = ByteBuffer()
    bytes.writeInteger(UInt8(1))
    bytes.writeInteger(UInt32(0))
    let isSmaller = plain.withUnsafeReadableBytes { plain in
      let message = UnsafeRawBufferPointer(rebasing: plain[ByteBuffer.messagePrefixLength...])
      return Zlib.current.compress(message, with: algorithm, into: &bytes)
    }
    guard isSmaller else { return }
    bytes.setInteger(UInt32(bytes.readableBytes - ByteBuffer.messagePrefixLength), at: 1)
    compressed = (bytes, algorithm)
  }
}

extension ByteBuffer {
  /// The bytes in front of each message: "gRPC over HTTP2", Length-Prefixed-Message.
  static let messagePrefixLength = 5

  /// Appends the message with its prefix.
  mutating func writeFramed(_ message: some RPCMessage) throws {
    let start = writerIndex
    writeRepeatingByte(0, count: Self.messagePrefixLength)
    do {
      try message.serialize(into: &self)
    } catch {
      moveWriterIndex(to: start)
      throw error
    }
    let length = writerIndex - start - Self.messagePrefixLength
    guard let length32 = UInt32(exactly: length) else {
      moveWriterIndex(to: start)
      throw RPCError(
        code: .resourceExhausted, message: "A message of \(length) bytes can't be sent; 4 GiB is the end.")
    }
    setInteger(length32, at: start + 1)
  }
}
