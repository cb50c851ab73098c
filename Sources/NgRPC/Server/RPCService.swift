/// A service that a server can serve. Generated service protocols refine it and register their methods.
public protocol RPCService: Sendable {
  /// Adds the service's methods to `router`.
  func register(with router: inout RPCRouter)

  /// A server that serves this begins to shut down: what would hold it up for long, such as an open-ended stream, should end. May be called
  /// more than once. Does nothing by default.
  func serverShutsDown()
}

extension RPCService {
  public func serverShutsDown() {}
}
