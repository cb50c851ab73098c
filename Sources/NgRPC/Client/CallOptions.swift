/// How one call is made.
public struct CallOptions: Sendable {
  /// How long the call may take in all; past it, it ends with DEADLINE_EXCEEDED, here and at the server. Nil: for ever.
  public var timeout: Duration?
  /// Travels in front of the messages.
  public var metadata: Metadata
  /// Waits for a connection however long it takes (within `timeout`), instead of failing at once while none can be had.
  public var waitForReady: Bool

  public static let defaults = CallOptions()

  public init(timeout: Duration? = nil, metadata: Metadata = [:], waitForReady: Bool = false) {
    self.timeout = timeout
    self.metadata = metadata
    self.waitForReady = waitForReady
  }
}
