import NIOCore

extension RPCChannel {
  /// How a channel behaves. Every value has a default that is right for most.
  public struct Configuration: Sendable {
    /// The longest response message, in bytes, as it travels and when it is inflated. A longer one ends its call with
    /// RESOURCE_EXHAUSTED. 4 MiB by default.
    public var maxMessageBytes = 4 * 1024 * 1024
    /// What requests are compressed with where ``CallOptions/compression`` does not say. Nothing by default.
    public var compression = CompressionAlgorithm.identity
    /// What each call may have under way towards the client, in bytes: 65,535 to 2^31-1. 256 KiB by default.
    public var streamWindowBytes = 256 * 1024
    /// What all calls together may have under way towards the client, in bytes: 65,535 to 2^31-1. 1 MiB by default.
    public var connectionWindowBytes = 1024 * 1024
    /// The largest block of headers, counted as HTTP/2 does (names, values and 32 for each field). 64 KiB by default.
    public var maxHeaderListBytes = 64 * 1024
    /// How the channel speaks TLS; nil, plaintext, by default.
    public var tls: ClientTLS?
    /// How long one attempt to connect to an address may take until the server's SETTINGS have come. 20 s by default.
    public var connectTimeout = TimeAmount.seconds(20)
    /// How long to wait between attempts to connect to an address.
    public var backoff = ConnectionBackoff()
    /// How calls are spread over the servers' addresses. One connection to the first that answers, by default.
    public var loadBalancing = LoadBalancingPolicy.pickFirst
    /// What the server is called in `:authority`; nil, what its endpoint says, by default.
    public var authority: String?
    /// Goes in front of the runtime's own `user-agent`: the name and version of the program, such as `shop/1.2`.
    public var userAgent: String?
    /// Whether servers that have gone quiet are asked if they are there. Off by default.
    public var keepalive: Keepalive?
    /// Without calls for so long the channel lets its connections go, and makes new ones for the next call. 30 min by default;
    /// nil: never.
    public var idleTimeout: TimeAmount? = .minutes(30)
    /// How often names are resolved again at most, when connections fail. 30 s by default.
    public var minResolutionInterval = TimeAmount.seconds(30)
    /// How the calls of certain methods are made: deadlines, retries, limits. Nothing by default.
    public var serviceConfig = ServiceConfig()
    /// What one call may hold for being sent again, in bytes; past it, it is not retried any more. 256 KiB by default.
    public var perCallRetryBufferBytes = 256 * 1024
    /// What all calls together may hold for being sent again, in bytes; past it, a call is not retried any more. 1 MiB by
    /// default.
    public var retryBufferBytes = 1024 * 1024

    /// RFC 8305's Connection Attempt Delay.
    package var attemptDelay = TimeAmount.milliseconds(250)
    /// How names are looked up; may block.
    package var lookUp: @Sendable (_ host: String, _ port: Int) throws -> [SocketAddress] =
      AddressLookup.system

    public static let defaults = Configuration()

    public init() {}

    var limits: NgHTTP2Session.Limits {
      NgHTTP2Session.Limits(
        streamWindow: Int32(clamping: max(65_535, streamWindowBytes)),
        connectionWindow: Int32(clamping: max(65_535, connectionWindowBytes)),
        maxConcurrentStreams: 0, maxHeaderListSize: UInt32(clamping: maxHeaderListBytes))
    }
  }
}
