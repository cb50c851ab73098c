/// Watches one call, on either side. Its stored properties are its interceptor's state of the call.
///
/// Every callback comes on the call's event loop and must not block. A callback that is not implemented does nothing.
public protocol CallObserver: AnyObject {
  /// A message has come and is handed on: a request at a server, a response at a client.
  func received(_ message: MessageSize)
  /// A message was given to the transport, or waits for it.
  func sent(_ message: MessageSize)
  /// The call is over: exactly once, the last callback, however it ended. The code is OK when it ended well; the metadata is
  /// what travelled behind the messages.
  ///
  /// At a server the code is CANCELLED when the client has reset the call or the connection was lost.
  ///
  /// - Parameter duration: since the call came, or was made.
  func ended(_ status: RPCError, after duration: Duration)
}

extension CallObserver {
  public func received(_ message: MessageSize) {}
  public func sent(_ message: MessageSize) {}
  public func ended(_ status: RPCError, after duration: Duration) {}
}
