import NgRPC
import NgRPCInteropProtos

func customMetadata(_ stub: GrpcTesting.TestService.Client) async throws {
  var metadata: Metadata = [InteropKeys.initial: "test_initial_metadata_value"]
  metadata.add(binary: [0xab, 0xab, 0xab], for: InteropKeys.trailing)
  let options = CallOptions(metadata: metadata)

  let unary = stub.channel.call(
    GrpcTesting.TestService.Methods.unaryCall, options: options,
    (GrpcTesting.SimpleRequest.self, GrpcTesting.SimpleResponse.self))
  try await unary.send(.large)
  unary.finish()
  try expectPayload(try await onlyMessage(of: unary).payload, 314_159)
  try await expectEcho(of: unary)

  let duplex = stub.fullDuplexCall(options: options)
  try await duplex.send(.init(responses: [314_159], payload: 271_828))
  duplex.finish()
  try expectPayload(try await onlyMessage(of: duplex).payload, 314_159)
  try await expectEcho(of: duplex)
}

private func expectEcho<Request, Response>(of call: ClientCall<Request, Response>) async throws {
  try expect(
    InteropKeys.initial, try await call.initialMetadata().strings(for: InteropKeys.initial),
    ["test_initial_metadata_value"])
  let status = try await call.status()
  try expect("the status", status.code, .ok)
  try expect(
    InteropKeys.trailing, status.metadata.binaries(for: InteropKeys.trailing), [[0xab, 0xab, 0xab]])
}

/// The server ends a unary call and a stream with the code UNKNOWN and that message.
func echoedStatus(_ message: String, _ stub: GrpcTesting.TestService.Client) async throws {
  let status = GrpcTesting.EchoStatus(code: 2, message: message)
  let unary = try await expectFailure("the unary call", .unknown) {
    try await stub.unaryCall(GrpcTesting.SimpleRequest(responseStatus: status))
  }
  try expect("the message of the unary call", unary.message, message)

  let call = stub.fullDuplexCall()
  try await call.send(GrpcTesting.StreamingOutputCallRequest(responseStatus: status))
  call.finish()
  let duplex = try await expectFailure("the stream", .unknown) {
    for try await _ in call.messages {}
  }
  try expect("the message of the stream", duplex.message, message)
}
