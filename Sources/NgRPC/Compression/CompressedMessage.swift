import NIOCore

/// A message as it came, compressed.
///
/// It stays so until its reader takes it: what waits on a stream is then bounded by the stream's window, not by what its
/// messages would become.
struct CompressedMessage {
  private let bytes: ByteBuffer
  private let algorithm: CompressionAlgorithm
  private let limit: Int

  /// - Parameters:
  ///   - bytes: copied.
  ///   - limit: the longest message that is accepted, in bytes, when it is inflated.
  init(_ bytes: UnsafeRawBufferPointer, _ algorithm: CompressionAlgorithm, limit: Int) {
    self.bytes = ByteBuffer(bytes: bytes)
    self.algorithm = algorithm
    self.limit = limit
  }

  /// The message, and how large it is.
  ///
  /// - Throws: what ``Zlib/inflated(_:with:limit:)`` and the message's decoding throw.
  func decode<Message: RPCMessage>(as _: Message.Type = Message.self) throws -> (Message, MessageSize) {
    let inflated = try bytes.withUnsafeReadableBytes { bytes throws(RPCError) in
      try Zlib.current.inflated(bytes, with: algorithm, limit: limit)
    }
    let size = MessageSize(wireBytes: bytes.readableBytes, messageBytes: inflated.readableBytes)
    return (try Message(serialized: inflated), size)
  }
}
