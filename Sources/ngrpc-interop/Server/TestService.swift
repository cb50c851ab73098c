import NgRPC
import NgRPCInteropProtos

/// The server of gRPC's "Interoperability Test Case Descriptions", with all features but those of Google's authentication.
///
/// `UnimplementedCall` and `UnimplementedService` are not registered: that is what the cases are about.
struct TestService: RPCService {
  private typealias Methods = GrpcTesting.TestService.Methods

  func register(with router: inout RPCRouter) {
    router.unary(Methods.emptyCall) { (_: GrpcTesting.Empty, _) in GrpcTesting.Empty() }
    router.unary(Methods.unaryCall, unary)
    router.serverStreaming(Methods.streamingOutputCall, streamingOutput)
    router.clientStreaming(Methods.streamingInputCall, streamingInput)
    router.bidirectional(Methods.fullDuplexCall, fullDuplex)
    router.bidirectional(Methods.halfDuplexCall, halfDuplex)
  }

  private func unary(
    _ request: GrpcTesting.SimpleRequest, _ context: ServerContext
  ) async throws -> GrpcTesting.SimpleResponse {
    echoMetadata(context)
    try check(request.expectCompressed, isCompressed: context.compressedRequestCount > 0)
    try echo(request.responseStatus)
    let payload = try payload(request.responseType, request.responseSize)
    context.setCompression(request.responseCompressed?.value == true ? .gzip : .identity)
    return GrpcTesting.SimpleResponse(payload: payload)
  }

  private func streamingOutput(
    _ request: GrpcTesting.StreamingOutputCallRequest,
    _ responses: ResponseWriter<GrpcTesting.StreamingOutputCallResponse>, _ context: ServerContext
  ) async throws {
    echoMetadata(context)
    context.setCompression(.gzip)
    try await answer(request, responses)
  }

  private func streamingInput(
    _ requests: RequestStream<GrpcTesting.StreamingInputCallRequest>, _ context: ServerContext
  ) async throws -> GrpcTesting.StreamingInputCallResponse {
    echoMetadata(context)
    var sum = 0
    var compressed = 0
    for try await request in requests {
      let count = context.compressedRequestCount
      try check(request.expectCompressed, isCompressed: count > compressed)
      compressed = count
      sum += request.payload?.body.count ?? 0
    }
    return GrpcTesting.StreamingInputCallResponse(aggregatedPayloadSize: Int32(clamping: sum))
  }

  private func fullDuplex(
    _ requests: RequestStream<GrpcTesting.StreamingOutputCallRequest>,
    _ responses: ResponseWriter<GrpcTesting.StreamingOutputCallResponse>, _ context: ServerContext
  ) async throws {
    echoMetadata(context)
    context.setCompression(.gzip)
    for try await request in requests { try await answer(request, responses) }
  }

  private func halfDuplex(
    _ requests: RequestStream<GrpcTesting.StreamingOutputCallRequest>,
    _ responses: ResponseWriter<GrpcTesting.StreamingOutputCallResponse>, _ context: ServerContext
  ) async throws {
    echoMetadata(context)
    context.setCompression(.gzip)
    var all: [GrpcTesting.StreamingOutputCallRequest] = []
    for try await request in requests { all.append(request) }
    for request in all { try await answer(request, responses) }
  }

  /// Sends what a request asks for.
  private func answer(
    _ request: GrpcTesting.StreamingOutputCallRequest,
    _ responses: ResponseWriter<GrpcTesting.StreamingOutputCallResponse>
  ) async throws {
    try echo(request.responseStatus)
    for wanted in request.responseParameters {
      if wanted.intervalUs > 0 { try await Task.sleep(for: .microseconds(Int64(wanted.intervalUs))) }
      let response = GrpcTesting.StreamingOutputCallResponse(
        payload: try payload(request.responseType, wanted.size))
      try await responses.send(response, compress: wanted.compressed?.value == true)
    }
  }

  /// The feature "Echo Metadata".
  private func echoMetadata(_ context: ServerContext) {
    if let value = context.metadata.string(for: InteropKeys.initial) {
      context.setInitialMetadata([InteropKeys.initial: value])
    }
    if let value = context.metadata.binary(for: InteropKeys.trailing) {
      var trailing = Metadata()
      trailing.add(binary: value, for: InteropKeys.trailing)
      context.setTrailingMetadata(trailing)
    }
  }

  /// The feature "Echo Status".
  private func echo(_ status: GrpcTesting.EchoStatus?) throws {
    guard let status, status.code != 0 else { return }
    throw RPCError(
      code: StatusCode(rawValue: UInt8(clamping: status.code)), message: status.message)
  }

  /// The feature "CompressedRequest".
  private func check(_ expectation: GrpcTesting.BoolValue?, isCompressed: Bool) throws {
    guard let expectation, expectation.value != isCompressed else { return }
    throw RPCError(
      code: .invalidArgument,
      message: "The request came \(isCompressed ? "" : "un")compressed; it says that it would not.")
  }

  private func payload(
    _ type: GrpcTesting.PayloadType, _ size: Int32
  ) throws -> GrpcTesting.Payload {
    guard type == .compressable else {
      throw RPCError(code: .invalidArgument, message: "The payload type \(type) is not supported.")
    }
    guard size >= 0 else {
      throw RPCError(code: .invalidArgument, message: "A payload can't have \(size) bytes.")
    }
    return GrpcTesting.Payload(type: type, body: [UInt8](repeating: 0, count: Int(size)))
  }
}

/// The metadata that is echoed.
enum InteropKeys {
  static let initial = "x-grpc-test-echo-initial"
  static let trailing = "x-grpc-test-echo-trailing-bin"
}
