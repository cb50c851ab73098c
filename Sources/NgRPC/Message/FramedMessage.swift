import NIOCore

/// A message encoded as it goes into a stream: a flag byte, the length in four bytes, the bytes.
///
/// Encode a message once and send it on many streams.
public struct FramedMessage: Sendable {
  var bytes: ByteBuffer

  /// - Throws: what the message's encoding throws, or RESOURCE_EXHAUSTED for 4 GiB and more.
  public init(_ message: some RPCMessage) throws {
    bytes = ByteBuffer()
    try bytes.writeFramed(message)
  }

  /// The size on the stream, in bytes.
  public var byteCount: Int { bytes.readableBytes }
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
