import NIOCore

extension RPCServer {
  /// How a server behaves. Every value has a default that is right for most.
  public struct Configuration: Sendable {
    /// The longest request message, in bytes, as it travels and when it is inflated. A longer one ends its call with RESOURCE_EXHAUSTED. 4 MiB by default.
    public var maxMessageBytes = 4 * 1024 * 1024
    /// What responses are compressed with, unless their handler decides otherwise and as far as the client takes it: see
    /// ``ServerContext/setCompression(_:)``. Nothing by default.
    public var compression = CompressionAlgorithm.identity
    /// What each call may have under way towards the server, in bytes: 65,535 to 2^31-1. 256 KiB by default.
    public var streamWindowBytes = 256 * 1024
    /// What all calls of a connection together may have under way towards the server, in bytes. 1 MiB by default.
    public var connectionWindowBytes = 1024 * 1024
    /// How a server speaks TLS on the addresses that it is started on; nil, plaintext, by default.
    public var tls: ServerTLS?
    /// How many connections may wait to be accepted. 1024 by default; the system may hold it lower.
    public var backlog = 1024

    /// How the server finds out that a client is gone, and how often clients may ask after the server.
    public var keepalive = Keepalive()
    /// How long connections last.
    public var lifetime = Lifetime()
    /// What a client may take, however it behaves.
    public var limits = Limits()

    public static let defaults = Configuration()

    public init() {}

    var sessionLimits: NgHTTP2Session.Limits {
      NgHTTP2Session.Limits(
        streamWindow: max(65_535, Int32(clamping: streamWindowBytes)),
        connectionWindow: max(65_535, Int32(clamping: connectionWindowBytes)),
        maxConcurrentStreams: UInt32(clamping: limits.maxConcurrentStreams),
        maxHeaderListSize: UInt32(clamping: limits.maxHeaderListBytes),
        maxHeaderFields: limits.maxHeaderFields,
        maxIdleFrames: UInt32(clamping: limits.maxIdleFrames),
        maxOutboundBytes: limits.maxResponseBytesHeld,
        options: NgHTTP2Options(
          resetBurst: limits.resetBurst, resetsPerSecond: limits.resetsPerSecond,
          maxContinuations: limits.maxContinuations, maxUnreadAnswers: limits.maxUnreadAnswers))
    }
  }
}
