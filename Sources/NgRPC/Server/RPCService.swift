/// A service that a server can serve. Generated service protocols refine it and register their methods.
public protocol RPCService: Sendable {
  /// Adds the service's methods to `router`.
  func register(with router: inout RPCRouter)
}
