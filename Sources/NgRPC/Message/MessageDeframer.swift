import NIOCore

/// Finds the messages in a stream's bytes: "gRPC over HTTP2", Length-Prefixed-Message.
///
/// Messages bear no relation to the chunks they come in. A message that lies whole in one chunk is handed out in place;
/// only what crosses chunks is copied.
struct MessageDeframer {
  /// A whole message, as it travels.
  struct Message {
    enum Bytes {
      /// Within the chunk it came in.
      case inPlace(UnsafeRawBufferPointer)
      /// Put together from several chunks.
      case assembled(ByteBuffer)
    }

    var bytes: Bytes
    /// With the stream's ``MessageDeframer/encoding``.
    var isCompressed: Bool
  }

  /// The longest message that is accepted, in bytes.
  let limit: Int
  /// What messages that say so are compressed with.
  var encoding: CompressionAlgorithm
  /// The beginning of a message, prefix included, whose rest has not come.
  private var partial = ByteBuffer()

  init(limit: Int, encoding: CompressionAlgorithm = .identity) {
    self.limit = limit
    self.encoding = encoding
  }

  /// How many bytes of an incomplete message are held.
  var partialBytes: Int { partial.readableBytes }

  /// Lets go of an incomplete message whose rest is not wanted.
  mutating func drop() { partial = ByteBuffer() }

  /// Takes one message, or what there is of it, from the front of `chunk`.
  ///
  /// - Returns: nil when `chunk` is used up.
  /// - Throws: RESOURCE_EXHAUSTED as soon as a prefix announces a message over the limit; INTERNAL for a compressed
  ///   one where ``encoding`` is `identity`, and for a prefix that is malformed.
  mutating func next(in chunk: inout UnsafeRawBufferPointer) throws(RPCError) -> Message? {
    if partial.readableBytes == 0 {
      if chunk.count >= ByteBuffer.messagePrefixLength {
        let (length, isCompressed) = try checkedPrefix(
          flag: chunk[0], length: chunk.loadUnaligned(fromByteOffset: 1, as: UInt32.self))
        let end = ByteBuffer.messagePrefixLength + length
        if chunk.count >= end {
          let message = UnsafeRawBufferPointer(rebasing: chunk[ByteBuffer.messagePrefixLength..<end])
          chunk = UnsafeRawBufferPointer(rebasing: chunk[end...])
          return Message(bytes: .inPlace(message), isCompressed: isCompressed)
        }
      }
      guard chunk.count > 0 else { return nil }
    }
    return try assemble(from: &chunk)
  }

  private mutating func assemble(from chunk: inout UnsafeRawBufferPointer) throws(RPCError) -> Message? {
    take(upTo: ByteBuffer.messagePrefixLength, from: &chunk)
    guard let flag: UInt8 = partial.getInteger(at: partial.readerIndex),
      let bigEndian: UInt32 = partial.getInteger(at: partial.readerIndex + 1)
    else { return nil }
    let (length, isCompressed) = try checkedPrefix(flag: flag, length: bigEndian.bigEndian)
    let end = ByteBuffer.messagePrefixLength + length
    take(upTo: end, from: &chunk)
    guard partial.readableBytes == end else { return nil }
    var message = partial
    partial = ByteBuffer()
    message.moveReaderIndex(forwardBy: ByteBuffer.messagePrefixLength)
    return Message(bytes: .assembled(message), isCompressed: isCompressed)
  }

  private mutating func take(upTo size: Int, from chunk: inout UnsafeRawBufferPointer) {
    let count = min(chunk.count, size - partial.readableBytes)
    guard count > 0 else { return }
    partial.writeBytes(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
    chunk = UnsafeRawBufferPointer(rebasing: chunk[count...])
  }

  private func checkedPrefix(
    flag: UInt8, length: UInt32
  ) throws(RPCError) -> (length: Int, isCompressed: Bool) {
    let length = Int(UInt32(bigEndian: length))
    guard length <= limit else {
      throw RPCError(
        code: .resourceExhausted, message: "The message has \(length) bytes; at most \(limit) are accepted.")
    }
    switch flag {
    case 0: return (length, false)
    case 1 where encoding != .identity: return (length, true)
    case 1:
      throw RPCError(
        code: .internalError,
        message: "The message is flagged as compressed, but its sender announced no grpc-encoding.")
    default:
      throw RPCError(code: .internalError, message: "The message's flag byte is \(flag); it must be 0 or 1.")
    }
  }
}
