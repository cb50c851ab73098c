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
      if call.isWritable { return }
      try await withCheckedThrowingContinuation { call.waitForRoom($0) }
    } else {
      let framed = try FramedMessage(message)
      try await withCheckedThrowingContinuation { continuation in
        call.eventLoop.execute {
          do {
            try call.send(framed: framed)
            call.waitForRoom(continuation)
          } catch {
            continuation.resume(throwing: error)
          }
        }
      }
    }
  }
}
