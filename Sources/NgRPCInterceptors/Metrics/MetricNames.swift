/// The names of metrics and of their dimensions: gRPC's proposal A66, "OpenTelemetry Metrics".
struct MetricNames: Sendable {
  static let method = "grpc.method"
  static let status = "grpc.status"

  let started: String
  let duration: String
  let sent: String
  let received: String
  /// A66 has none; named like its others.
  let inFlight: String

  private init(_ side: String) {
    started = "grpc.\(side).call.started"
    duration = "grpc.\(side).call.duration"
    sent = "grpc.\(side).call.sent_total_compressed_message_size"
    received = "grpc.\(side).call.rcvd_total_compressed_message_size"
    inFlight = "grpc.\(side).call.in_flight"
  }

  static let server = MetricNames("server")
  static let client = MetricNames("client")
}
