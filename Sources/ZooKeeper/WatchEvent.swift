/// What a watch saw. It is told once: to hear of the next change, watch again.
public struct WatchEvent: Hashable, Sendable {
  /// What happened.
  public enum Kind: Hashable, Sendable {
    /// The node was created.
    case created
    /// The node was deleted.
    case deleted
    /// The node's data was written.
    case dataChanged
    /// A child was created or deleted.
    case childrenChanged
    /// The server stopped watching.
    case unwatched
  }

  /// What happened.
  public let kind: Kind

  /// To which node.
  public let path: String

  /// Describes an event.
  public init(_ kind: Kind, path: String) {
    self.kind = kind
    self.path = path
  }
}

/// Called once with what a watch saw, on a thread of the C library: it must return at once. It is not called when the
/// session ends first.
public typealias Watch = @Sendable (WatchEvent) -> Void
