import NgRPC
import NgRPCStatusDetails

extension ClientError {
  /// What a route's answer to a call means.
  ///
  /// - Parameter what: What was being done: "listing the groups".
  init(_ error: RPCError, _ what: String) {
    switch error.code {
    case .invalidArgument: self.init(.invalid, error.message)
    case .notFound: self.init(.notFound, error.message)
    case .alreadyExists: self.init(.alreadyExists, error.message)
    case .failedPrecondition: self.init(.refused, error.message)
    case .permissionDenied: self.init(.denied, error.message)
    case .resourceExhausted: self.init(.tooMany, error.message)
    case .unimplemented:
      self.init(
        .incompatible, "\(what) is not known to this service, which is an older one: \(error.message)")
    case .unauthenticated:
      self.init(
        .unavailable, "\(what) takes a login, and this one has ended: ask again when the client is ready")
    default: self.init(.unavailable, "\(what) does not work now, try again. \(error.message)")
    }
  }
}

extension RPCError {
  /// How long to wait before the call is made again, when it was refused because such calls are made too often; nil otherwise.
  var retryAfter: Duration? {
    guard code == .resourceExhausted else { return nil }
    // Details that can't be read say nothing of a time: it is an error as any other then.
    let info = try? detail(RetryInfo.self)
    return info?.delay
  }
}
