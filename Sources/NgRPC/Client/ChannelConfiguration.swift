import NIOCore

extension RPCChannel {
  /// How a channel behaves. Every value has a default that is right for most.
  public struct Configuration: Sendable {
    /// The longest response message, in bytes, as it travels and when it is inflated. A longer one ends its call with RESOURCE_EXHAUSTED. 4 MiB by default.
    public var maxMessageBytes = 4 * 1024 * 1024
    /// What requests are compressed with where ``CallOptions/compression`` does not say. Nothing by default.
    public var compression = CompressionAlgorithm.identity
    /// What each call may have under way towards the client, in bytes: 65,535 to 2^31-1. 256 KiB by default.
    public var streamWindowBytes = 256 * 1024
    /// What all calls together may have under way towards the client, in bytes. 1 MiB by default.
    public var connectionWindowBytes = 1024 * 1024
    /// The largest block of headers, counted as HTTP/2 does (names, values and 32 for each field). 64 KiB by default.
    public var maxHeaderListBytes = 64 * 1024
    /// How the channel speaks TLS; nil, plaintext, by default.
    public var tls: ClientTLS?
    /// How long one attempt to connect may take until the server's SETTINGS have come. 20 s by default.
    public var connectTimeout = TimeAmount.seconds(20)
    /// How long to wait between attempts.
    public var backoff = ConnectionBackoff()

    public static let defaults = Configuration()

    public init() {}

    var limits: NgHTTP2Session.Limits {
      NgHTTP2Session.Limits(
        streamWindow: Int32(clamping: streamWindowBytes),
        connectionWindow: Int32(clamping: connectionWindowBytes),
        maxConcurrentStreams: 0, maxHeaderListSize: UInt32(clamping: maxHeaderListBytes))
    }
  }
}
