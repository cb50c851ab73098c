import NIOCore

/// The request side of a call that is handled below `async`. Usable from any thread; order is kept per thread.
public struct ClientStream<Message: RPCMessage>: Sendable {
  let call: ClientCallCore

  /// The call's event loop: its handler's callbacks come there.
  public var eventLoop: any EventLoop { call.eventLoop }

  /// Sends a message, never waits; dropped when the call has ended. See ``pendingBytes``.
  ///
  /// - Parameter compress: whether the call's compression is used for it. That happens on the event loop: give a large message
  ///   as a ``FramedMessage`` that was made elsewhere.
  public func send(_ message: Message, compress: Bool = true) {
    call.onEventLoop { call in
      do {
        try call.send(message, compress: compress)
      } catch {
        call.end(
          RPCError(code: .internalError, message: "The message can't be encoded.", cause: error))
      }
    }
  }

  /// Sends a message that was encoded before, never waits; dropped when the call has ended.
  public func send(framed message: FramedMessage) { call.onEventLoop { $0.send(framed: message) } }

  /// How many bytes wait for the transport. On the event loop only.
  public var pendingBytes: Int {
    call.eventLoop.preconditionInEventLoop()
    return call.pendingBytes
  }

  /// Ends this side: no more messages are sent.
  public func finish() { call.onEventLoop { $0.finish() } }

  /// Ends the call with CANCELLED, here and at the server.
  public func cancel() { call.onEventLoop { $0.cancel() } }
}
