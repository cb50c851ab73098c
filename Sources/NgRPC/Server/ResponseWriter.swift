import NIOCore

/// Sends the response messages of a call.
public struct ResponseWriter<Message: RPCMessage>: Sendable {
  let call: ServerCall

  /// Sends a message; waits while more than 64 KiB of this call wait for the transport.
  ///
  /// - Throws: CANCELLED when the call has ended; what the message's encoding throws.
  public func send(_ message: Message) async throws {
    if call.eventLoop.inEventLoop {
      try call.send(message)
      if !call.isWritable { try await call.waitForRoom() }
    } else {
      let framed = try FramedMessage(message)
      try await call.waitForRoom { try $0.send(framed: framed) }
    }
  }
}
