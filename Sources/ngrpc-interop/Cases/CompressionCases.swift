import NgRPC
import NgRPCInteropProtos

// What is compressed is known by the flag of each message.

/// - Parameter probes: whether the server can tell what is compressed.
func clientCompressedUnary(_ stub: GrpcTesting.TestService.Client, probes: Bool) async throws {
  var request = GrpcTesting.SimpleRequest.large
  request.expectCompressed = GrpcTesting.BoolValue(value: true)
  if probes {
    try await expectFailure("the probe", .invalidArgument) { try await stub.unaryCall(request) }
  }
  let compressing = CallOptions(compression: .gzip)
  try expectPayload(try await stub.unaryCall(request, options: compressing).payload, 314_159)

  request.expectCompressed = GrpcTesting.BoolValue(value: false)
  try expectPayload(try await stub.unaryCall(request).payload, 314_159)
  // The same on a call that is compressed, but for this message.
  let call = unary(stub, compressing)
  try await call.send(request, compress: false)
  call.finish()
  try expectPayload(try await onlyMessage(of: call).payload, 314_159)
}

func serverCompressedUnary(_ stub: GrpcTesting.TestService.Client) async throws {
  for isCompressed in [true, false] {
    var request = GrpcTesting.SimpleRequest.large
    request.responseCompressed = GrpcTesting.BoolValue(value: isCompressed)
    let call = unary(stub, .defaults)
    try await call.send(request)
    call.finish()
    try expectPayload(try await onlyMessage(of: call).payload, 314_159)
    try expect("how many responses came compressed", try await call.compressedCount(), isCompressed ? 1 : 0)
  }
}

/// - Parameter probes: whether the server can tell what is compressed.
func clientCompressedStreaming(_ stub: GrpcTesting.TestService.Client, probes: Bool) async throws {
  let compressed = GrpcTesting.StreamingInputCallRequest(
    payload: GrpcTesting.Payload(zeros: 27_182), expectCompressed: GrpcTesting.BoolValue(value: true))
  let plain = GrpcTesting.StreamingInputCallRequest(
    payload: GrpcTesting.Payload(zeros: 45_904), expectCompressed: GrpcTesting.BoolValue(value: false))
  if probes {
    let probe = stub.streamingInputCall()
    try probe.send(immediately: compressed)
    probe.finish()
    try await expectFailure("the probe", .invalidArgument) { try await onlyMessage(of: probe) }
  }
  let call = stub.streamingInputCall(options: CallOptions(compression: .gzip))
  try await call.send(compressed)
  try await call.send(plain, compress: false)
  call.finish()
  try expect("the sum", try await onlyMessage(of: call).aggregatedPayloadSize, 73_086)
}

func serverCompressedStreaming(_ stub: GrpcTesting.TestService.Client) async throws {
  let wanted = [(size: 31_415, isCompressed: true), (size: 92_653, isCompressed: false)]
  let call = try stub.streamingOutputCall(
    .init(
      responseParameters: wanted.map {
        .init(size: Int32($0.size), compressed: GrpcTesting.BoolValue(value: $0.isCompressed))
      }))
  var responses = call.messages.makeAsyncIterator()
  var compressed = 0
  for (size, isCompressed) in wanted {
    try expectPayload(try await responses.next()?.payload, size)
    if isCompressed { compressed += 1 }
    try expect("how many responses came compressed", try await call.compressedCount(), compressed)
  }
  try expect("what follows the two responses", try await responses.next(), nil)
}

/// A unary call whose messages can be looked at.
private func unary(
  _ stub: GrpcTesting.TestService.Client, _ options: CallOptions
) -> ClientCall<GrpcTesting.SimpleRequest, GrpcTesting.SimpleResponse> {
  stub.channel.call(
    GrpcTesting.TestService.Methods.unaryCall, options: options,
    (GrpcTesting.SimpleRequest.self, GrpcTesting.SimpleResponse.self))
}
