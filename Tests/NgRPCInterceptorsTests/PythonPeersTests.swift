import NIOCore
import NgRPC
import NgRPCInterceptors
import TestSupport
import Testing
import Tracing

@Suite("Interceptors with Python at the other end", .timeLimit(.minutes(2)))
struct PythonPeersTests {
  @Test("A trace context passes from a grpcio client through a server and a channel to a grpcio server")
  func traceContext() async throws {
    let backend = try ChildProcess(Repository.python("trace_context.py", "server"))
    let line = try await backend.output.line(containing: "listening on ", within: .seconds(30))
    let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
    let interceptor = TracingInterceptor(tracer: NoOpTracer(), instrument: W3CTracePropagator())
    let channel = RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: port)], interceptors: [interceptor], logger: quiet)
    try await withLoopback(ForwardingService(backend: channel), server: [interceptor]) { _, endpoint in
      let client = try ChildProcess(Repository.python("trace_context.py", "client", "\(endpoint.port)"))
      #expect(try await client.waitUntilExit(within: .seconds(60)) == .code(0), "\(client.errors.text)")
      #expect(
        client.output.text == """
          traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01
          tracestate: congo=t61rcWkgMzE,rojo=00f067aa0ba902b7

          """)
    }
    await channel.shutdown(within: .seconds(5))
    backend.closeInput()
  }

  @Test(
    "Blanks around a value are stripped, not punished with a reset of the stream",
    arguments: [
      ("Bearer ", "16 Credentials are needed. The call's are empty"),
      (" Bearer  \t", "16 Credentials are needed."),
      ("  Bearer token  ", "0"),
    ])
  func paddedMetadata(value: String, answer: String) async throws {
    let authentication = AuthenticationInterceptor<String>(verifyingAtOnce: { credentials, _ in
      credentials.value == "token" ? "ann" : nil
    })
    try await withLoopback(server: [authentication]) { _, endpoint in
      let client = try ChildProcess(Repository.python("padded_metadata.py", "\(endpoint.port)", value))
      #expect(try await client.waitUntilExit(within: .seconds(60)) == .code(0), "\(client.errors.text)")
      #expect(client.output.text.hasPrefix(answer), "\(client.output.text)")
    }
  }
}

/// Answers each message with what its backend says.
private struct ForwardingService: RPCService {
  let backend: RPCChannel

  func register(with router: inout RPCRouter) {
    router.bidirectional(EchoService.chat) {
      (requests: RequestStream<ByteBuffer>, responses: ResponseWriter<ByteBuffer>, _) in
      for try await request in requests {
        try await responses.send(try await backend.unary(EchoService.unary, request))
      }
    }
  }
}
