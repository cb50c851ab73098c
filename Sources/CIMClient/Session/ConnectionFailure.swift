import NgRPC

/// Why an attempt to connect or a connection failed.
enum ConnectionFailure: Error, Equatable, CustomStringConvertible {
  /// Trying again may help.
  case transient(String)
  /// Trying again may help, after that time at the earliest.
  case limited(String, retryAfter: Duration)
  /// Trying again would fail the same way.
  case final(ClientError)

  var description: String {
    switch self {
    case .transient(let reason), .limited(let reason, _): reason
    case .final(let error): error.message
    }
  }

  /// How long to wait at least before another try.
  var retryAfter: Duration {
    if case .limited(_, let delay) = self { delay } else { .zero }
  }

  /// What the answer to Register or Login means.
  static func login(_ error: RPCError) -> Self {
    switch error.code {
    case .invalidArgument: .final(ClientError(.invalidName, error.message))
    case .notFound: .final(ClientError(.unknownUser, error.message))
    case .permissionDenied: .final(ClientError(.wrongName, error.message))
    case .alreadyExists: .final(ClientError(.alreadyOnline, error.message))
    case .unimplemented:
      .final(ClientError(.incompatible, "what listens there is no route of this protocol: \(error.message)"))
    default: error.retryAfter.map { .limited(error.message, retryAfter: $0) } ?? .transient(error.message)
    }
  }

  /// What the end of `Session.Connect` means. A token that is not valid is no reason to give up: the next attempt
  /// logs in anew.
  static func session(_ error: RPCError) -> Self {
    switch error.code {
    case .ok: .transient("the server closed the connection")
    case .permissionDenied: .final(ClientError(.refused, error.message))
    case .alreadyExists: .final(ClientError(.alreadyOnline, error.message))
    case .unimplemented, .invalidArgument:
      .final(ClientError(.incompatible, "what listens there is no server of this protocol: \(error.message)"))
    default: .transient(error.message)
    }
  }
}
