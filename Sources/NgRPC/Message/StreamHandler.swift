import NIOCore

/// Handles one side of a call below `async`: callbacks on the call's event loop, and no task.
///
/// For streams that live long and are many: an idle one costs nothing but its memory.
public protocol StreamHandler<Inbound>: AnyObject {
  /// What comes in: requests at a server, responses at a client.
  associatedtype Inbound: RPCMessage
  /// What goes out.
  associatedtype Outbound: RPCMessage

  /// A message has come.
  func received(_ message: Inbound)
  /// The peer has ended its side cleanly. At a server the client sends no more; a client learns it with ``closed(_:)``.
  func inboundEnded()
  /// The outbound buffer, which was over its high mark (64 KiB), is under its low mark (16 KiB).
  func writable()
  /// The call is over: the last callback, called once. The code is OK when it ended well.
  func closed(_ status: RPCError)
}
