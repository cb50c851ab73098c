import NgRPC
import NgRPCInteropProtos

private let requestSizes = [27_182, 8, 1_828, 45_904]
private let responseSizes = [31_415, 9, 2_653, 58_979]

extension GrpcTesting.StreamingOutputCallRequest {
  /// - Parameters:
  ///   - sizes: of the responses that it asks for, in bytes.
  ///   - payload: its own size, in bytes.
  init(responses sizes: [Int], payload: Int? = nil) {
    self.init(
      responseParameters: sizes.map { GrpcTesting.ResponseParameters(size: Int32($0)) },
      payload: payload.map { GrpcTesting.Payload(zeros: $0) })
  }
}

func clientStreaming(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = stub.streamingInputCall()
  for size in requestSizes {
    try await call.send(GrpcTesting.StreamingInputCallRequest(payload: GrpcTesting.Payload(zeros: size)))
  }
  call.finish()
  try expect("the sum", try await onlyMessage(of: call).aggregatedPayloadSize, 74_922)
}

func serverStreaming(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = try stub.streamingOutputCall(.init(responses: responseSizes))
  var count = 0
  for try await response in call.messages {
    guard count < responseSizes.count else { throw CaseFailure("there are more than four responses") }
    try expectPayload(response.payload, responseSizes[count])
    count += 1
  }
  try expect("the number of responses", count, responseSizes.count)
}

func pingPong(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = stub.fullDuplexCall()
  var responses = call.messages.makeAsyncIterator()
  for (request, response) in zip(requestSizes, responseSizes) {
    try await call.send(.init(responses: [response], payload: request))
    try expectPayload(try await responses.next()?.payload, response)
  }
  call.finish()
  try expect("what follows the four responses", try await responses.next(), nil)
}

func emptyStream(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = stub.fullDuplexCall()
  call.finish()
  for try await _ in call.messages { throw CaseFailure("a response came, and none was asked for") }
}

func cancelAfterBegin(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = stub.streamingInputCall()
  call.cancel()
  try expect("the status", try await call.status().code, .cancelled)
}

func cancelAfterFirstResponse(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = stub.fullDuplexCall()
  var responses = call.messages.makeAsyncIterator()
  try await call.send(.init(responses: [31_415], payload: 27_182))
  try expectPayload(try await responses.next()?.payload, 31_415)
  call.cancel()
  try expect("the status", try await call.status().code, .cancelled)
}

func timeoutOnSleepingServer(_ stub: GrpcTesting.TestService.Client) async throws {
  let call = stub.fullDuplexCall(options: CallOptions(timeout: .milliseconds(1)))
  // The deadline may pass before this is sent, too.
  try call.send(immediately: .init(responses: [], payload: 27_182))
  try expect("the status", try await call.status().code, .deadlineExceeded)
}

/// The one message that the server answers with.
func onlyMessage<Request, Response>(of call: ClientCall<Request, Response>) async throws -> Response {
  var only: Response?
  for try await message in call.messages { only = message }
  guard let only else { throw CaseFailure("there is no response") }
  return only
}
