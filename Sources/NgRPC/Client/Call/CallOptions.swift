/// How one call is made.
public struct CallOptions: Sendable {
  /// How long the call may take in all; past it, it ends with DEADLINE_EXCEEDED, here and at the server. Nil: for ever.
  public var timeout: Duration?
  /// Travels in front of the messages.
  public var metadata: Metadata
  /// Whether the call waits for a connection however long it takes (within `timeout`), instead of failing while none can be
  /// had. Nil: as the channel's service config says, and else not.
  public var waitForReady: Bool?
  /// What the requests are compressed with; nil: with what the channel's configuration says. A server that does not know it
  /// answers UNIMPLEMENTED; every server knows ``CompressionAlgorithm/gzip``. The server compresses its responses as it likes.
  public var compression: CompressionAlgorithm?

  public static let defaults = CallOptions()

  public init(
    timeout: Duration? = nil, metadata: Metadata = [:], waitForReady: Bool? = nil,
    compression: CompressionAlgorithm? = nil
  ) {
    self.timeout = timeout
    self.metadata = metadata
    self.waitForReady = waitForReady
    self.compression = compression
  }
}
