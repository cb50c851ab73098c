/// The request messages of a call, in order.
///
/// Ends when the client ends its side. A slow reader stops the client: what is not read fills the stream's window. One reader
/// at a time.
public struct RequestStream<Message: RPCMessage>: AsyncSequence, Sendable {
  let queue: InboundQueue<Message>

  public struct AsyncIterator: AsyncIteratorProtocol {
    let queue: InboundQueue<Message>

    /// The next message, or nil at the end.
    ///
    /// - Throws: ``RPCError`` when the call is cut short.
    public mutating func next() async throws -> Message? { try await queue.next() }

    /// As ``next()``, without a detour over another executor.
    public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Message? {
      try await queue.next()
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: queue) }
}
