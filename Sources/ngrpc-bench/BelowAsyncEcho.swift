import NgRPC
import NgRPCProtos

/// The service with its echo handled below `async`.
struct BelowAsyncEcho: RPCService {
  let bench: BenchService

  func register(with router: inout RPCRouter) {
    router.unary(NgrpcBenchV1.Bench.Methods.unary, bench.unary)
    router.serverStreaming(NgrpcBenchV1.Bench.Methods.download, bench.download)
    router.clientStreaming(NgrpcBenchV1.Bench.Methods.upload, bench.upload)
    router.stream(NgrpcBenchV1.Bench.Methods.echo) { stream, _ in EchoHandler(stream) }
  }

  private final class EchoHandler: StreamHandler {
    typealias Outbound = NgrpcBenchV1.EchoResponse

    private let stream: ServerStream<NgrpcBenchV1.EchoResponse>

    init(_ stream: ServerStream<NgrpcBenchV1.EchoResponse>) { self.stream = stream }

    func received(_ request: NgrpcBenchV1.EchoRequest) {
      stream.send(NgrpcBenchV1.EchoResponse(payload: request.payload))
    }
    func inboundEnded() { stream.close(nil) }
    func writable() {}
    func closed(_ status: RPCError) {}
  }
}
