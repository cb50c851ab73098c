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

  func download(
    _ request: NgrpcBenchV1.DownloadRequest, responses: ResponseWriter<NgrpcBenchV1.DownloadResponse>,
    context: ServerContext
  ) async throws {
    let response = NgrpcBenchV1.DownloadResponse(payload: Array(repeating: 0x61, count: Int(request.bytes)))
    for _ in 0..<request.messages { try await responses.send(response) }
  }

  func upload(
    _ requests: RequestStream<NgrpcBenchV1.UploadRequest>, context: ServerContext
  ) async throws -> NgrpcBenchV1.UploadResponse {
    var response = NgrpcBenchV1.UploadResponse()
    for try await _ in requests { response.messages += 1 }
    return response
  }
}
