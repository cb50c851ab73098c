import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("Calls over TLS", .timeLimit(.minutes(1)))
struct TLSTests {
  @Test("All four kinds of call, small and large, are answered over TLS")
  func calls() async throws {
    let certificates = try await TestCertificates.shared
    try await withLoopback(server: certificates.server(), channel: certificates.client()) { channel, _, _ in
      for size in [0, 1, 16_379, 16_384, 70_000, 4 << 20] {
        let request = ByteBuffer(repeating: 7, count: size)
        #expect(try await channel.unary(EchoService.unary, request) as ByteBuffer == request)
      }
      for method in [EchoService.chat, EchoService.handler] {
        let call = channel.call(method, (ByteBuffer.self, ByteBuffer.self))
        var responses = call.messages.makeAsyncIterator()
        for size in [0, 1, 300_000] {
          try await call.send(ByteBuffer(repeating: 1, count: size))
          #expect(try await responses.next()?.readableBytes == size)
        }
        call.finish()
        #expect(try await responses.next() == nil)
      }
      let error = try await rpcError {
        try await channel.unary(EchoService.fail, ByteBuffer(bytes: [5])) as ByteBuffer
      }
      #expect(error?.code == .notFound)
    }
  }

  @Test("A server listens in plaintext on one address and with TLS on another")
  func bothAtOnce() async throws {
    let certificates = try await TestCertificates.shared
    try await withLoopback { plaintext, server, _ in
      let address = try await server.start(
        on: .hostAndPort("127.0.0.1", 0), tls: certificates.server().tls)
      let secure = RPCChannel(
        to: [Endpoint(host: "localhost", port: address.port!)], configuration: certificates.client(),
        logger: quiet)
      for channel in [plaintext, secure] {
        #expect(try await answers(channel))
      }
      await secure.shutdown(within: .seconds(5))
    }
  }

  @Test(
    "Certificates and keys can be given as bytes, and the name of the server can be another than its address")
  func bytes() async throws {
    let certificates = try await TestCertificates.shared
    func bytes(_ path: String) throws -> PEMSource { .bytes(try [UInt8](contentsOf: path)) }
    var server = RPCServer.Configuration.defaults
    server.tls = ServerTLS(
      identity: TLSIdentity(
        certificateChain: try bytes(certificates.certificate("elsewhere")),
        privateKey: try bytes(certificates.key("elsewhere"))))
    var client = RPCChannel.Configuration.defaults
    client.tls = ClientTLS(
      trustRoots: .pem([try bytes(certificates.certificate("ca"))]), serverName: "elsewhere.test")
    try await withLoopback(server: server, channel: client) { channel, _, _ in
      let isAnswered = try await answers(channel)
      #expect(isAnswered)
    }
  }

  @Test("A Unix domain socket takes TLS, too, when the name of the server is given")
  func unixDomainSocket() async throws {
    let (certificates, directory) = (try await TestCertificates.shared, try TemporaryDirectory("tls"))
    let path = "\(directory.path)/socket"
    let server = RPCServer(services: [EchoService()], configuration: certificates.server(), logger: quiet)
    try await server.start(on: .unixDomainSocket(path))
    for serverName in ["localhost", nil] {
      let channel = RPCChannel(
        to: [.unixDomainSocket(path)], configuration: certificates.client(serverName: serverName),
        logger: quiet)
      let error = try await rpcError { try await answers(channel) }
      #expect((error == nil) == (serverName != nil), "\(error?.message ?? "")")
      if let error { #expect(error.message.contains("set ClientTLS.serverName"), "\(error)") }
      await channel.shutdown(within: .seconds(5))
    }
    await server.shutdown(within: .seconds(5))
  }

  @Test("A handler sees whose certificate the client has shown")
  func peerCertificate() async throws {
    let certificates = try await TestCertificates.shared
    for clients in [ServerTLS.ClientVerification.required, .requiredMatchingAddress, .optional] {
      try await withLoopback(
        [WhoAmI()], server: certificates.server(clients: clients), channel: certificates.client("client")
      ) { channel, _, _ in
        let answer: ByteBuffer = try await channel.unary(WhoAmI.method, ByteBuffer())
        #expect(String(buffer: answer) == "spiffe://test/client [\(WhoAmI.clientNames)]")
      }
    }
    for clients in [ServerTLS.ClientVerification.none, .optional] {
      try await withLoopback(
        [WhoAmI()], server: certificates.server(clients: clients), channel: certificates.client()
      ) { channel, _, _ in
        let answer: ByteBuffer = try await channel.unary(WhoAmI.method, ByteBuffer())
        #expect(String(buffer: answer) == "nobody")
      }
    }
  }

  @Test("Shutting the server down lets open calls finish, and says goodbye in HTTP/2 and in TLS")
  func shutdown() async throws {
    let certificates = try await TestCertificates.shared
    let server = RPCServer(services: [EchoService()], configuration: certificates.server(), logger: quiet)
    let port = try await server.start(on: .hostAndPort("127.0.0.1", 0)).port!
    let peer = try ChildProcess(
      Repository.python("tls_peer.py", "shutdown", "\(port)", certificates.certificate("ca")))
    try await peer.output.line(containing: "ready")
    await server.shutdown(within: .seconds(10))
    let exit = try await peer.waitUntilExit()
    #expect(exit == .code(0), "\(peer.errors.text)")
    #expect(peer.output.text.contains("GOAWAY and close_notify"))
  }

  @Test("A connection that is cut without a close_notify cancels its calls")
  func truncated() async throws {
    let certificates = try await TestCertificates.shared
    let (log, service) = (RecordedLog(), EchoService())
    try await withLoopback([service], server: certificates.server(), logger: log.logger) {
      _, server, endpoint in
      let peer = try ChildProcess(
        Repository.python("tls_peer.py", "truncate", "\(endpoint.port)", certificates.certificate("ca")))
      var hangs = service.hangs.makeAsyncIterator()
      await hangs.next()
      try await log.line(containing: "close_notify")
      try await eventually("no connection") { server.connectionCount == 0 }
      let exit = try await peer.waitUntilExit()
      #expect(exit == .code(0), "\(peer.errors.text)")
    }
  }
}

/// Says whose certificate the caller has shown.
private struct WhoAmI: RPCService {
  static let method = MethodDescriptor(service: "test.WhoAmI", method: "Ask", kind: .unary)
  static let clientNames: [PeerCertificate.Name] = [
    .uri("spiffe://test/client"), .dns("client.test"), .ipAddress("127.0.0.1"),
  ]

  func register(with router: inout RPCRouter) {
    router.unary(Self.method) { (_: ByteBuffer, context) in
      guard let certificate = context.peerCertificate else { return ByteBuffer(string: "nobody") }
      return ByteBuffer(string: "\(certificate.spiffeID ?? "-") [\(certificate.names)]")
    }
  }
}
