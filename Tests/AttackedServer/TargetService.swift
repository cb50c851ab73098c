import NIOCore
import NgRPC

/// What an attacker would look for: small requests with large answers, answers without end, and requests nobody reads.
struct TargetService: RPCService {
  private static func method(_ name: String, _ kind: MethodDescriptor.Kind) -> MethodDescriptor {
    MethodDescriptor(service: "test.Target", method: name, kind: kind)
  }

  func register(with router: inout RPCRouter) {
    router.unary(Self.method("Echo", .unary)) { (request: ByteBuffer, _) in request }
    router.unary(Self.method("Large", .unary)) { (_: ByteBuffer, _) in
      ByteBuffer(repeating: 1, count: 1 << 20)
    }
    router.serverStreaming(Self.method("Endless", .serverStreaming)) {
      (_: ByteBuffer, responses: ResponseWriter<ByteBuffer>, _) in
      let response = ByteBuffer(repeating: 2, count: 16 * 1024)
      while !Task.isCancelled { try await responses.send(response) }
    }
    router.bidirectional(Self.method("Chat", .bidirectional)) {
      (requests: RequestStream<ByteBuffer>, responses: ResponseWriter<ByteBuffer>, _) in
      for try await request in requests { try await responses.send(request) }
    }
    router.clientStreaming(Self.method("Unread", .clientStreaming)) {
      (_: RequestStream<ByteBuffer>, _) -> ByteBuffer in
      while true { try await Task.sleep(for: .seconds(3600)) }
    }
  }
}
