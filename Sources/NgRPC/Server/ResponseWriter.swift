import NIOCore

/// Sends the response messages of a call.
public struct ResponseWriter<Message: RPCMessage>: Sendable {
  let call: ServerCall
  let waiters: RoomWaiters

  /// Sends a message; waits while more than 64 KiB of this call wait for the transport.
  ///
  /// - Parameter compress: whether the response's compression is used for it: see ``ServerContext/setCompression(_:)``.
  /// - Throws: CANCELLED when the call has ended; what the message's encoding throws.
  public func send(_ message: Message, compress: Bool = true) async throws {
    if call.eventLoop.inEventLoop, !compress || call.chosenCompression == .identity {
      try call.send(message, compress: false)
      guard !call.isWritable else { return }
      try await waiters.wait { call.room }
    } else {
      let framed = try await FramedMessage.encoding(
        message, compression: compress ? call.chosenCompression : .identity)
      try await waiters.wait {
        try call.send(framed: framed)
        return call.room
      }
    }
  }
}
