import NIOCore

extension RPCServer.Configuration {
  /// How the server finds out that a client is gone, and how often clients may ask after the server: gRPC proposal A8.
  public struct Keepalive: Sendable, Hashable {
    /// After so long without a byte from the client, it is sent a PING; nil for never. 2 hours by default.
    public var time: TimeAmount? = .hours(2)
    /// How long the answer to a PING may take; then the connection is closed. Also what TCP may take to deliver a byte
    /// (TCP_USER_TIMEOUT, proposal A18). 20 s by default.
    public var timeout = TimeAmount.seconds(20)
    /// How often a client with open calls may send a PING. 5 minutes by default.
    ///
    /// A PING that comes sooner is a strike, unless the client was sent headers or data since its last one, which forgives
    /// all strikes. One strike more than ``maxPingStrikes`` ends the connection with ENHANCE_YOUR_CALM, `too_many_pings`.
    public var minPingInterval = TimeAmount.minutes(5)
    /// Whether ``minPingInterval`` holds for a client without calls, too; else it is 2 hours there. False by default.
    public var permitsPingsWithoutCalls = false
    /// How many PINGs may come too soon. 2 by default.
    public var maxPingStrikes = 2

    public init() {}
  }
}
