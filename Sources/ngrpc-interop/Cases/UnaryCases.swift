import NgRPC
import NgRPCInteropProtos

extension GrpcTesting.Payload {
  /// Zeros.
  init(zeros count: Int) { self.init(body: [UInt8](repeating: 0, count: count)) }
}

extension GrpcTesting.SimpleRequest {
  /// The request of the large cases: 271,828 bytes there, 314,159 back.
  static let large = GrpcTesting.SimpleRequest(
    responseSize: 314_159, payload: GrpcTesting.Payload(zeros: 271_828))
}

func emptyUnary(_ stub: GrpcTesting.TestService.Client) async throws {
  try expect("the response", try await stub.emptyCall(GrpcTesting.Empty()), GrpcTesting.Empty())
}

func largeUnary(_ stub: GrpcTesting.TestService.Client) async throws {
  try expectPayload(try await stub.unaryCall(.large).payload, 314_159)
}

/// The server resets the call.
func failingUnary(_ stub: GrpcTesting.TestService.Client) async throws {
  _ = try await expectFailure("the call") { try await stub.unaryCall(.large) }
}

/// Ten calls at once, after one that lets the server's settings come.
func maxStreams(_ stub: GrpcTesting.TestService.Client) async throws {
  try await largeUnary(stub)
  try await withThrowingTaskGroup(of: Void.self) { group in
    for _ in 0..<10 { group.addTask { try await largeUnary(stub) } }
    try await group.waitForAll()
  }
}

func unimplementedMethod(_ stub: GrpcTesting.TestService.Client) async throws {
  try await expectFailure("UnimplementedCall", .unimplemented) {
    try await stub.unimplementedCall(GrpcTesting.Empty())
  }
}

func unimplementedService(_ stub: GrpcTesting.TestService.Client) async throws {
  try await expectFailure("UnimplementedService", .unimplemented) {
    try await GrpcTesting.UnimplementedService.Client(stub.channel).unimplementedCall(GrpcTesting.Empty())
  }
}

/// - Throws: ``CaseFailure`` unless the payload is so many zeros.
func expectPayload(_ payload: GrpcTesting.Payload?, _ size: Int) throws {
  try expect("the response's payload, in bytes", payload?.body.count, size)
  try expect("whether the response's payload is zeros", payload?.body.allSatisfy { $0 == 0 }, true)
}
