import NIOCore

/// The response side of a call that is handled below `async`. Usable from any thread; order is kept per thread.
public struct ServerStream<Message: RPCMessage>: Sendable {
  let call: ServerCall

  /// The call's event loop: its handler's callbacks come there.
  public var eventLoop: any EventLoop { call.eventLoop }

  /// Sends a message, never waits; dropped when the call has ended. See ``pendingBytes``.
  ///
  /// - Parameter compress: whether the response's compression is used for it. That happens on the event loop: give a large
  ///   message as a ``FramedMessage`` that was made elsewhere.
  public func send(_ message: Message, compress: Bool = true) {
    if call.eventLoop.inEventLoop {
      sendNow { try $0.send(message, compress: compress) }
    } else {
      call.eventLoop.execute { send(message, compress: compress) }
    }
  }

  /// Sends a message that was encoded before, never waits; dropped when the call has ended.
  public func send(framed message: FramedMessage) {
    if call.eventLoop.inEventLoop {
      sendNow { try $0.send(framed: message) }
    } else {
      call.eventLoop.execute { send(framed: message) }
    }
  }

  private func sendNow(_ send: (ServerCall) throws -> Void) {
    guard !call.hasEnded else { return }
    do {
      try send(call)
    } catch {
      call.fail(RPCError(thrownByHandler: error))
    }
  }

  /// How many bytes wait for the transport. On the event loop only.
  public var pendingBytes: Int {
    call.eventLoop.preconditionInEventLoop()
    return call.pendingBytes
  }

  /// Ends the call with a status, OK when nil; what was sent before goes out first.
  public func close(_ status: RPCError? = nil) {
    call.onEventLoop { $0.finish(status) }
  }
}
