import NIOCore

/// Takes the messages of one call as they come off the stream, decoded to the type its user asked for.
///
/// Belongs to the event loop of its call.
class InboundReceiver {
  /// Who gives bytes back to the sender; let go when the stream has ended.
  final var creditor: (any InboundCreditor)?

  /// A whole message; `bytes` is valid during the call only.
  ///
  /// - Parameter credit: how many bytes the sender gets back as window when the message is taken.
  func receive(_ bytes: UnsafeRawBufferPointer, credit: Int) throws { fatalError("abstract") }

  /// A whole message that was put together from several chunks; its prefix lies right in front of the readable bytes.
  func receive(assembled message: ByteBuffer, credit: Int) throws {
    try message.withUnsafeReadableBytes { try receive($0, credit: credit) }
  }

  /// A whole message that is compressed; inflated when it is taken.
  func receive(_ message: CompressedMessage, credit: Int) throws { fatalError("abstract") }

  /// How many of the messages that were taken came compressed.
  final var compressedCount = 0

  /// Whether all messages were taken, so that bytes of an incomplete one may be given back early.
  var isDrained: Bool { true }

  /// The calling task, on the event loop, is the call's own, which is cancelled only when the call ends: it may read without
  /// watching for its cancellation.
  func adoptCurrentTask() {}

  /// The peer has ended its side.
  func receivedEnd() {}

  /// The outbound buffer has room again.
  func becameWritable() {}

  /// The call is over. The last call.
  func closed(_ status: RPCError) {}
}

/// What a receiver needs of its call.
protocol InboundCreditor: AnyObject {
  /// `bytes` of the inbound stream were taken: the sender may send as many.
  func giveCredit(_ bytes: Int)
  /// A compressed message was taken and inflated.
  func inflated(_ message: MessageSize)
  /// A message that was taken late can't be read: the call ends.
  func couldNotRead(_ error: any Error)
}
