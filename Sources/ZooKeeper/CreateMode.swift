/// For how long a node stays.
public enum CreateMode: Hashable, Sendable {
  /// Until it is deleted.
  case persistent

  /// Until it is deleted or the session of the client that created it ends.
  case ephemeral
}
