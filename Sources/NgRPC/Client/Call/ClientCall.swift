import NIOCore

/// A call that is open: send and receive as it goes. Usable from any thread; one task at a time reads ``messages``.
///
/// A call that is let go of without having ended goes on; end it with ``cancel()``.
public final class ClientCall<Request: RPCMessage, Response: RPCMessage>: Sendable {
  private let core: ClientCallCore
  private let queue: InboundQueue<Response>
  private let waiters: RoomWaiters

  init(core: ClientCallCore, queue: InboundQueue<Response>, waiters: RoomWaiters) {
    self.core = core
    self.queue = queue
    self.waiters = waiters
  }

  /// Sends a message; waits while more than 64 KiB of this call wait for the transport.
  ///
  /// - Parameter compress: whether the call's compression is used for it.
  /// - Throws: ``RPCError`` when the call has ended; what the message's encoding throws.
  public func send(_ message: Request, compress: Bool = true) async throws {
    let framed = try await FramedMessage.encoding(
      message, compression: compress ? core.compression : .identity)
    try await waiters.wait { [core] in
      core.send(framed: framed)
      return core.room
    }
  }

  /// Sends a message and never waits; dropped when the call has ended. For senders that bound what is under way themselves.
  ///
  /// - Parameter compress: whether the call's compression is used for it.
  public func send(immediately message: Request, compress: Bool = true) throws {
    let framed = try FramedMessage(message, compression: compress ? core.compression : .identity)
    core.onEventLoop { $0.send(framed: framed) }
  }

  /// Ends this side: no more messages are sent.
  public func finish() { core.onEventLoop { $0.finish() } }

  /// Sends the only message and ends this side.
  package func sendOnly(_ message: FramedMessage) {
    core.onEventLoop { core in
      core.send(framed: message)
      core.finish()
    }
  }

  /// Ends the call with CANCELLED, here and at the server.
  public func cancel() { core.onEventLoop { $0.cancel() } }

  /// The response messages, in order. Ends when the call ends with OK; throws its ``RPCError`` when it ends otherwise.
  public var messages: Messages { Messages(queue: queue) }

  public struct Messages: AsyncSequence, Sendable {
    let queue: InboundQueue<Response>

    public struct AsyncIterator: AsyncIteratorProtocol {
      let queue: InboundQueue<Response>

      public mutating func next() async throws -> Response? { try await queue.next() }

      /// As ``next()``, without a detour over another executor.
      public mutating func next(isolation actor: isolated (any Actor)?) async throws -> Response? {
        try await queue.next()
      }
    }

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(queue: queue) }
  }

  /// The metadata in front of the response.
  ///
  /// - Throws: the call's ``RPCError`` when it ended without.
  public func initialMetadata() async throws -> Metadata { try await core.initialMetadata.get() }

  /// How many of the messages that were read came compressed.
  package func compressedCount() async throws -> Int {
    try await core.eventLoop.submit { [queue] in queue.compressedCount }.get()
  }

  /// How the call ended, with the trailing metadata; waits for it. The code is OK when it ended well.
  public func status() async throws -> RPCError { try await core.endStatus.get() }
}
