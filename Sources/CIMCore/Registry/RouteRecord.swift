import NgRPC

/// What a route tells of itself.
public struct RouteRecord: Hashable, Sendable {
  /// Which route, and which registration of it.
  public let instance: ServerInstance

  /// Where clients reach it.
  public let endpoint: Endpoint

  /// The version of the program, for operators.
  public let version: String

  /// Describes a route.
  public init(instance: ServerInstance, endpoint: Endpoint, version: String) {
    self.instance = instance
    self.endpoint = endpoint
    self.version = version
  }

  /// The same route under another registration.
  public func with(incarnation: Incarnation) -> Self {
    Self(
      instance: ServerInstance(id: self.instance.id, incarnation: incarnation), endpoint: self.endpoint,
      version: self.version)
  }
}
