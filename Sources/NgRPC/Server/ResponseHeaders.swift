/// The header blocks of responses: "gRPC over HTTP2", section "Responses".
enum ResponseHeaders {
  /// The block in front of the messages.
  ///
  /// - Parameter requestEncoding: what the request was compressed with.
  static func head(
    to requestEncoding: CompressionAlgorithm, _ metadata: Metadata, _ compression: CompressionAlgorithm
  ) -> HeaderList {
    var headers = HeaderList()
    headers.add(":status", "200")
    headers.add("content-type", "application/grpc")
    if compression != .identity { headers.add("grpc-encoding", compression.name) }
    // Whoever compresses is told what else may be used: gRPC's "Compression".
    if requestEncoding != .identity {
      headers.add("grpc-accept-encoding", CompressionAlgorithm.acceptedByUs)
    }
    headers.add(metadata)
    return headers
  }

  /// Adds the status, OK when nil, with its metadata and the handler's. Metadata that may not travel is an error of its own.
  static func add(_ error: RPCError?, _ trailingMetadata: Metadata, to headers: inout HeaderList) {
    var status = error
    var metadata = trailingMetadata
    if let error { for entry in error.metadata.entries { metadata.entries.append(entry) } }
    do {
      try metadata.validate()
    } catch {
      status = error
      metadata = [:]
    }
    headers.add("grpc-status", "\(status?.code.rawValue ?? 0)")
    if let message = status?.message, !message.isEmpty {
      headers.add("grpc-message", PercentEncoding.encode(message))
    }
    headers.add(metadata)
  }
}
