import NIOCore

extension RPCServer.Configuration {
  /// What a client may take of the server, however it behaves.
  ///
  /// Together they bound what one connection holds in memory, and how many connections there are.
  public struct Limits: Sendable, Hashable {
    /// How long a new connection may take until it has sent its HTTP/2 preface, the TLS handshake included. 20 s by default.
    public var prefaceTimeout = TimeAmount.seconds(20)
    /// How long a block of headers may take from its first byte to its last. 20 s by default.
    public var headersTimeout = TimeAmount.seconds(20)
    /// How long a client may leave what was sent to it unread, with more to come; then it is closed. 60 s by default.
    public var writeTimeout = TimeAmount.seconds(60)

    /// How many connections may be open at the same time; nil for as many as the system allows, which is the default.
    public var maxConnections: Int?
    /// How many of them may come from one IP address; nil for as many as come, which is the default: many clients can share
    /// the address of a gateway.
    public var maxConnectionsPerAddress: Int?

    public init() {}
  }
}
