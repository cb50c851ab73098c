import NIOCore

extension RPCServer.Configuration {
  /// What a client may take of the server, however it behaves.
  ///
  /// Together they bound what one connection holds in memory, and how many connections there are. A client that goes beyond
  /// one of those that a call can be refused for loses the call; beyond the others, the connection.
  public struct Limits: Sendable, Hashable {
    // MARK: Connections

    /// How many connections may be open at the same time; nil for as many as the system allows, which is the default.
    public var maxConnections: Int?
    /// How many of them may come from one IP address; nil for as many as come, which is the default: many clients can share
    /// the address of a gateway.
    public var maxConnectionsPerAddress: Int?
    /// How long a new connection may take until it has sent its HTTP/2 preface, the TLS handshake included. 20 s by default.
    public var prefaceTimeout = TimeAmount.seconds(20)

    // MARK: Calls and their headers

    /// How many calls a client may have open on one connection. 10,000 by default. The client is told; what it opens beyond
    /// is refused.
    public var maxConcurrentStreams = 10_000
    /// The largest block of headers, counted as HTTP/2 does (names, values and 32 for each field). 64 KiB by default. The client
    /// is told; a call with more ends with RESOURCE_EXHAUSTED.
    public var maxHeaderListBytes = 64 * 1024
    /// How many fields a block of headers may have. 256 by default. A call with more ends with RESOURCE_EXHAUSTED.
    public var maxHeaderFields = 256
    /// How many CONTINUATION frames may follow a HEADERS frame. 8 by default; each may bring 16 KiB.
    public var maxContinuations = 8
    /// How long a block of headers may take from its first byte to its last. 20 s by default.
    public var headersTimeout = TimeAmount.seconds(20)

    // MARK: Memory

    /// How much of requests a connection may hold that was received and not taken by a handler, in bytes. 32 MiB by default.
    ///
    /// Beyond it the client gets no more window for the connection: it waits until handlers have taken something. Messages
    /// that are incomplete can't be taken: when they are what is held, the calls that hold the most of it end with
    /// RESOURCE_EXHAUSTED.
    public var maxRequestBytesHeld = 32 * 1024 * 1024
    /// How much of responses a connection may hold that the client has not made room for, in bytes. 8 MiB by default.
    ///
    /// Beyond it writers wait and new calls begin later; what the handlers under way answer at one go may still exceed it. A
    /// client that takes nothing of it for ``writeTimeout`` is closed.
    public var maxResponseBytesHeld = 8 * 1024 * 1024
    /// How long a client may leave unread what was sent to it, with more to come; then it is closed. 60 s by default.
    public var writeTimeout = TimeAmount.seconds(60)

    // MARK: Floods

    /// How many calls a client may reset at once, and how many more in each second: a call that is begun and reset costs the
    /// client next to nothing. 1000 and 33 by default. Raise it for trusted clients that cancel a lot.
    public var resetBurst = 1000
    /// See ``resetBurst``.
    public var resetsPerSecond = 33
    /// How many answers to SETTINGS and PING may wait for a client that does not read them. 1000 by default.
    public var maxUnreadAnswers = 1000
    /// How many frames that move nothing (SETTINGS, PING, PRIORITY, DATA without data, and WINDOW_UPDATE beyond those that what
    /// is sent explains) a client may send within 10 s. 10,000 by default. A frame for which its stream is reset counts
    /// as ten.
    public var maxIdleFrames = 10_000

    public init() {}
  }
}
