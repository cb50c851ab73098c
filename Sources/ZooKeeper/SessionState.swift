/// How a client stands with ZooKeeper.
public enum SessionState: Hashable, Sendable {
  /// No server answers, at the beginning or for the moment. A session that there was may still live.
  case connecting

  /// A server answers. After an interruption the same id means that the session lived on, with its ephemeral nodes
  /// and its watches; another id is a new session, which has neither.
  case connected(SessionID)

  /// The servers have given the session up: its ephemeral nodes are gone and its watches are forgotten. A new session
  /// is being made.
  case expired(SessionID)

  /// The servers don't let this client in. It is tried again.
  case authenticationFailed

  /// The client was closed. This is the end.
  case closed
}
