import NgRPC
import NgRPCProtos

/// Answers with what it is asked.
struct BenchService: NgrpcBenchV1.Bench.Service {
  /// Whether a unary handler gives way once before it answers, as one does that waits for something.
  let suspends: Bool

  func unary(
    _ request: NgrpcBenchV1.UnaryRequest, context: ServerContext
  ) async throws -> NgrpcBenchV1.UnaryResponse {
    if suspends { await Task.yield() }
    return NgrpcBenchV1.UnaryResponse(payload: request.payload)
  }

  func echo(
    _ requests: RequestStream<NgrpcBenchV1.EchoRequest>, responses: ResponseWriter<NgrpcBenchV1.EchoResponse>,
    context: ServerContext
  ) async throws {
    for try await request in requests {
      try await responses.send(NgrpcBenchV1.EchoResponse(payload: request.payload))
    }
  }
}
