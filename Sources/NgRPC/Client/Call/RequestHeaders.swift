import NIOCore

/// The block of headers that opens a call's stream: "gRPC over HTTP2", section "Requests".
struct RequestHeaders {
  let method: MethodDescriptor
  let metadata: Metadata
  let deadline: NIODeadline?
  let compression: CompressionAlgorithm
  /// Goes in front of the runtime's own name.
  let userAgent: String?
  /// How many attempts at the call ended before this one: A6.
  let previousAttempts: Int

  private static let userAgent = "ngrpc-swift"

  func list(scheme: String, authority: String) -> HeaderList {
    var headers = HeaderList()
    headers.add(":method", "POST")
    headers.add(":scheme", scheme)
    headers.add(":path", method.path)
    headers.add(":authority", authority)
    if let deadline {
      let left = (deadline - .now()).nanoseconds
      headers.add("grpc-timeout", GRPCTimeout(nanoseconds: max(1, left)).header)
    }
    headers.add("te", "trailers")
    headers.add("content-type", "application/grpc")
    if compression != .identity { headers.add("grpc-encoding", compression.name) }
    headers.add("grpc-accept-encoding", CompressionAlgorithm.acceptedByUs)
    headers.add("user-agent", userAgent.map { "\($0) \(Self.userAgent)" } ?? Self.userAgent)
    if previousAttempts > 0 { headers.add(Self.previousAttemptsKey, "\(previousAttempts)") }
    headers.add(metadata)
    return headers
  }

  static let previousAttemptsKey = "grpc-previous-rpc-attempts"
}
