import NgRPC

/// What a server tells of itself.
public struct ServerRecord: Hashable, Sendable {
  /// Which server, and which registration of it.
  public let instance: ServerInstance

  /// Where clients reach it.
  public let clientEndpoint: Endpoint

  /// Where routes reach it.
  public let pushEndpoint: Endpoint

  /// The version of the program, for operators.
  public let version: String

  /// True when the server is going away: no client is sent there any more.
  public let isDraining: Bool

  /// Describes a server.
  public init(
    instance: ServerInstance, clientEndpoint: Endpoint, pushEndpoint: Endpoint, version: String,
    isDraining: Bool = false
  ) {
    self.instance = instance
    self.clientEndpoint = clientEndpoint
    self.pushEndpoint = pushEndpoint
    self.version = version
    self.isDraining = isDraining
  }

  /// The same server under another registration, or in another state.
  public func with(incarnation: Incarnation? = nil, isDraining: Bool? = nil) -> Self {
    Self(
      instance: ServerInstance(
        id: self.instance.id, incarnation: incarnation ?? self.instance.incarnation),
      clientEndpoint: self.clientEndpoint, pushEndpoint: self.pushEndpoint, version: self.version,
      isDraining: isDraining ?? self.isDraining)
  }
}
