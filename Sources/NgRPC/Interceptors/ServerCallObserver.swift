/// Watches one call at a server, and adds to what goes out beside its messages.
public protocol ServerCallObserver: CallObserver {
  /// The response's head goes out now: what is put into `metadata` travels in front of the messages. At most once; not at all
  /// when the call ends with an error before its first message.
  func sendingInitialMetadata(_ metadata: inout Metadata)
  /// The status goes out now, and may be changed. Its metadata is all that travels behind the messages. At most once; not
  /// at all when the client or the connection has gone.
  func sendingStatus(_ status: inout RPCError)
}

extension ServerCallObserver {
  public func sendingInitialMetadata(_ metadata: inout Metadata) {}
  public func sendingStatus(_ status: inout RPCError) {}
}
