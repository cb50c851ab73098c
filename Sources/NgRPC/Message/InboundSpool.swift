import NIOCore

/// Whole messages that wait for their reader, one after another as they came: a prefix and its bytes.
///
/// They are decoded when they are taken, so that what waits is bounded by the stream's window, whatever its messages become.
struct InboundSpool {
  private var bytes = ByteBuffer()
  /// How much of the first message was given back to the sender before it was whole.
  ///
  /// Only of the first: as long as one waits, nothing is given back of those behind it.
  private var creditOfFirst = 0

  var isEmpty: Bool { bytes.readableBytes == 0 }

  /// Appends a message.
  ///
  /// - Parameters:
  ///   - message: copied.
  ///   - credit: how many bytes the sender gets back when it is taken.
  mutating func append(
    _ message: UnsafeRawBufferPointer, isCompressed: Bool, credit: Int, _ buffers: EventLoopBuffers?
  ) {
    if isEmpty {
      if let buffers, bytes.storageCapacity == 0 { bytes = buffers.takeSmall() }
      creditOfFirst = credit
    }
    bytes.writeInteger(UInt8(isCompressed ? 1 : 0))
    bytes.writeInteger(UInt32(truncatingIfNeeded: message.count))
    bytes.writeBytes(message)
  }

  /// Appends a message, not compressed, that has a buffer of its own, with its prefix right in front of the readable bytes.
  mutating func append(assembled message: ByteBuffer, credit: Int) {
    if isEmpty {
      bytes = message
      bytes.moveReaderIndex(to: message.readerIndex - ByteBuffer.messagePrefixLength)
      creditOfFirst = credit
    } else {
      message.withUnsafeReadableBytes { append($0, isCompressed: false, credit: credit, nil) }
    }
  }

  /// Whether the first message is compressed.
  var isFirstCompressed: Bool { bytes.withUnsafeReadableBytes { $0[0] == 1 } }

  /// The first message, which stays.
  ///
  /// - Throws: what the message's decoding throws.
  func decodeFirst<Message: RPCMessage>() throws -> Message {
    try withFirst { try Message(serialized: $0) }
  }

  /// Calls `body` with the first message's bytes, which are valid during the call only.
  @inline(__always)
  func withFirst<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
    try bytes.withUnsafeReadableBytes { bytes in
      let start = ByteBuffer.messagePrefixLength
      return try body(UnsafeRawBufferPointer(rebasing: bytes[start..<start + Self.length(bytes)]))
    }
  }

  /// Removes the first message.
  ///
  /// - Returns: how many bytes to give back to the sender.
  mutating func removeFirst(_ buffers: EventLoopBuffers?) -> Int {
    let size = bytes.withUnsafeReadableBytes { ByteBuffer.messagePrefixLength + Self.length($0) }
    let credit = creditOfFirst
    bytes.moveReaderIndex(forwardBy: size)
    if bytes.readableBytes == 0 {
      var drained = ByteBuffer()
      swap(&drained, &bytes)
      buffers?.giveBack(small: drained)
    } else {
      // Of a reader that is never quite done.
      if bytes.readerIndex > max(64 * 1024, bytes.readableBytes) { bytes.discardReadBytes() }
      creditOfFirst = bytes.withUnsafeReadableBytes { ByteBuffer.messagePrefixLength + Self.length($0) }
    }
    return credit
  }

  mutating func removeAll() {
    bytes = ByteBuffer()
  }

  private static func length(_ bytes: UnsafeRawBufferPointer) -> Int {
    Int(UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 1, as: UInt32.self)))
  }
}
