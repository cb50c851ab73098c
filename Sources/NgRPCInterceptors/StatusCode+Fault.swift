import NgRPC

extension StatusCode {
  /// Whether a server that answers so has failed, rather than its client: OpenTelemetry's "Semantic conventions for gRPC",
  /// section "gRPC Server span status".
  var isServerFault: Bool {
    switch self {
    case .unknown, .deadlineExceeded, .unimplemented, .internalError, .unavailable, .dataLoss: true
    default: false
    }
  }
}
