import NIOCore

/// A message as it came, compressed.
///
/// It stays so until its reader takes it: what waits on a stream is then bounded by the stream's window, not by what its
/// messages would become.
struct CompressedMessage: Sendable {
  /// What is inflated on an event loop, in bytes as it came and as it becomes: either takes half a millisecond at most.
  private static let small = (compressed: 64 * 1024, inflated: 256 * 1024)

  let bytes: ByteBuffer
  let algorithm: CompressionAlgorithm
  let limit: Int

  /// - Parameters:
  ///   - bytes: copied.
  ///   - limit: the longest message that is accepted, in bytes, when it is inflated.
  init(_ bytes: UnsafeRawBufferPointer, _ algorithm: CompressionAlgorithm, limit: Int) {
    self.bytes = ByteBuffer(bytes: bytes)
    self.algorithm = algorithm
    self.limit = limit
  }

  /// The message and how large it is; inflated here and now, whatever its size.
  ///
  /// - Throws: RESOURCE_EXHAUSTED when it is over the limit; INTERNAL when it is damaged; what the message's decoding throws.
  func decoded<Message: RPCMessage>(as _: Message.Type = Message.self) throws -> (Message, MessageSize) {
    guard let inflated = try inflated(upTo: limit) else {
      throw RPCError(
        code: .resourceExhausted,
        message:
          "The message has more than \(limit) bytes when it is inflated; at most that many are accepted.")
    }
    return try decode(inflated)
  }

  /// The message and how large it is; a large one leaves the calling task's executor to be inflated.
  ///
  /// - Throws: as ``decoded(as:)``.
  func decodedAside<Message: RPCMessage>(as _: Message.Type = Message.self) async throws -> (
    Message, MessageSize
  ) {
    if let small = try decodedIfSmall(as: Message.self) { return small }
    return try await withTaskExecutorPreference(globalConcurrentExecutor) { try decoded() }
  }

  /// The message and how large it is; nil for a large one, which should not be inflated on an event loop.
  ///
  /// - Throws: as ``decoded(as:)``.
  func decodedIfSmall<Message: RPCMessage>(as _: Message.Type = Message.self) throws -> (
    Message, MessageSize
  )? {
    // Nothing but the attempt shows that a message is large: a hostile one says what it likes.
    guard bytes.readableBytes <= Self.small.compressed, limit > 0,
      let inflated = try inflated(upTo: min(limit, Self.small.inflated))
    else { return nil }
    return try decode(inflated)
  }

  private func decode<Message: RPCMessage>(_ inflated: ByteBuffer) throws -> (Message, MessageSize) {
    let size = MessageSize(wireBytes: bytes.readableBytes, messageBytes: inflated.readableBytes)
    return (try Message(serialized: inflated), size)
  }

  private func inflated(upTo limit: Int) throws(RPCError) -> ByteBuffer? {
    try bytes.withUnsafeReadableBytes { bytes throws(RPCError) in
      try Zlib.current.inflated(bytes, with: algorithm, limit: limit)
    }
  }
}
