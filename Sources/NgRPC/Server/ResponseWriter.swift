import NIOCore

/// Sends the response messages of a call.
public struct ResponseWriter<Message: RPCMessage>: Sendable {
  let call: ServerCall
  let waiters: RoomWaiters

  /// Sends a message; waits while more than 64 KiB of this call wait for the transport.
  ///
  /// - Throws: CANCELLED when the call has ended; what the message's encoding throws.
  public func send(_ message: Message) async throws {
    if call.eventLoop.inEventLoop {
      try call.send(message)
      guard !call.isWritable else { return }
      try await waiters.wait { call.room }
    } else {
      let framed = try FramedMessage(message)
      try await waiters.wait {
        try call.send(framed: framed)
        return call.room
      }
    }
  }
}
