/// What stands in the registry.
package enum RegistryEntry: Hashable, Sendable {
  /// A server.
  case server(ServerRecord)

  /// A route.
  case route(RouteRecord)

  /// Who registered, and which registration it is.
  package var instance: ServerInstance {
    switch self {
    case .server(let record): record.instance
    case .route(let record): record.instance
    }
  }

  /// The same under another registration.
  package func with(incarnation: Incarnation) -> Self {
    switch self {
    case .server(let record): .server(record.with(incarnation: incarnation))
    case .route(let record): .route(record.with(incarnation: incarnation))
    }
  }

  /// The same, going away or not; a route has no such mark.
  package func with(isDraining: Bool) -> Self {
    switch self {
    case .server(let record): .server(record.with(isDraining: isDraining))
    case .route: self
    }
  }
}
