import NIOCore

extension RPCServer.Configuration {
  /// How long connections last: gRPC proposal A9.
  ///
  /// A connection whose time has come ends in good order: the client is told to make new calls elsewhere, and its open calls
  /// go on for ``grace``.
  public struct Lifetime: Sendable, Hashable {
    /// How long a connection may be without calls; nil for ever, which is the default.
    public var maxIdle: TimeAmount?
    /// How old a connection may get, give or take a tenth of it, so that connections that began together don't end together;
    /// nil for ever, which is the default.
    public var maxAge: TimeAmount?
    /// How long the open calls of a connection that ends may go on; nil for ever, which is the default.
    public var grace: TimeAmount?

    public init() {}
  }
}
