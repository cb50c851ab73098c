import NIOCore

/// Watches one call at a client.
public protocol ClientCallObserver: CallObserver {
  /// The call goes out on a connection. Again for each further attempt of a call that is retried.
  ///
  /// - Parameter peer: the server's address; nil when the connection has just gone.
  func started(on peer: SocketAddress?)
  /// The response's head has come.
  func receivedInitialMetadata(_ metadata: Metadata)
}

extension ClientCallObserver {
  public func started(on peer: SocketAddress?) {}
  public func receivedInitialMetadata(_ metadata: Metadata) {}
}
