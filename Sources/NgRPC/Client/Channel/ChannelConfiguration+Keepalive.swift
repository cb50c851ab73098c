import NIOCore

extension RPCChannel.Configuration {
  /// How a client finds out that a server which has gone quiet is gone: gRPC's A8.
  ///
  /// Servers allow a client one ping in five minutes unless they are configured otherwise, and close the connection of one
  /// that sends more: agree with them on less. A client that is told so doubles its interval.
  public struct Keepalive: Sendable, Hashable {
    /// After so long without a byte from the server it is pinged. At least 10 s: less counts as that.
    public var interval: TimeAmount
    /// How long the server may take to answer before the connection is closed, and its calls end with UNAVAILABLE. Also TCP's own
    /// bound for unacknowledged bytes (A18). 20 s by default.
    public var timeout = TimeAmount.seconds(20)
    /// Whether the server is pinged also while there are no calls. Not by default.
    public var permitWithoutCalls = false

    /// The shortest interval that there is: A8.
    package var minInterval = TimeAmount.seconds(10)

    public init(interval: TimeAmount) { self.interval = interval }

    var effectiveInterval: TimeAmount { max(interval, minInterval) }
  }
}
