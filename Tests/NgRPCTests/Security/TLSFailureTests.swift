import NIOCore
import NgRPC
import TestSupport
import Testing

/// Each end must be told what is wrong, in words that lead to the mistake.
@Suite("When TLS fails", .timeLimit(.minutes(1)))
struct TLSFailureTests {
  /// A server and a client that do not fit, and what each is told.
  struct Misfit: CustomTestStringConvertible, Sendable {
    let testDescription: String
    var serverIdentity: String? = "server"
    var clients = ServerTLS.ClientVerification.none
    var isClientPlaintext = false
    var clientIdentity: String?
    var roots = "ca"
    var clientTold: String
    /// nil where the server finds nothing wrong.
    var serverLogs: String?
  }

  static let misfits = [
    Misfit(
      testDescription: "an unknown authority", roots: "other-ca", clientTold: "unknown CA",
      serverLogs: "unknown CA"),
    Misfit(
      testDescription: "an expired certificate", serverIdentity: "expired",
      clientTold: "certificate has expired: localhost, 127.0.0.1, ::1, valid until 2021-01-01T00:00:00Z",
      serverLogs: "expired"),
    Misfit(
      testDescription: "the wrong host", serverIdentity: "elsewhere",
      clientTold: "for another name: elsewhere.test"),
    Misfit(
      testDescription: "no client certificate", clients: .required,
      clientTold: "requires a client certificate",
      serverLogs: "shows no certificate"),
    Misfit(
      testDescription: "a stranger's client certificate", clients: .required, clientIdentity: "stranger",
      clientTold: "does not trust the authority", serverLogs: "unknown CA"),
    Misfit(
      testDescription: "an expired client certificate", clients: .required, clientIdentity: "expired",
      clientTold: "finds the certificate shown to it expired", serverLogs: "has expired"),
    Misfit(
      testDescription: "a client certificate for another address", clients: .requiredMatchingAddress,
      clientIdentity: "elsewhere", clientTold: "ended before it was usable",
      serverLogs: "for another name: elsewhere.test"),
    Misfit(
      testDescription: "a plaintext client", isClientPlaintext: true, clientTold: "the peer speaks TLS",
      serverLogs: "does not speak TLS"),
    Misfit(
      testDescription: "a plaintext server", serverIdentity: nil, clientTold: "does not speak TLS",
      serverLogs: "the peer speaks TLS"),
  ]

  @Test("Both ends are told why", arguments: misfits)
  func misfit(_ misfit: Misfit) async throws {
    let (certificates, log) = (try await TestCertificates.shared, RecordedLog())
    try await withLoopback(
      server: misfit.serverIdentity.map { certificates.server($0, clients: misfit.clients) } ?? .defaults,
      channel: misfit.isClientPlaintext
        ? .defaults : certificates.client(misfit.clientIdentity, roots: misfit.roots), logger: log.logger
    ) { channel, server, _ in
      let error = try await rpcError {
        try await channel.unary(EchoService.unary, ByteBuffer()) as ByteBuffer
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains(misfit.clientTold) == true, "\(error?.message ?? "")")
      if let text = misfit.serverLogs { try await log.line(containing: text) }
      try await eventually("no connection") { server.connectionCount == 0 }
    }
  }

  /// Clients of others, which do not do as they should.
  @Test(
    "A server closes what can't speak HTTP/2 over good TLS, and says why",
    arguments: [
      ("no-alpn", "closed", "did not negotiate HTTP/2"), ("http/1.1", "closed", "did not negotiate HTTP/2"),
      ("old-suite", "refused: SSLV3_ALERT_HANDSHAKE_FAILURE", "no cipher suite"),
      ("plaintext", "", "does not speak TLS"), ("stall", "closed", "preface"),
    ])
  func badClient(_ case: String, prints: String, serverLogs: String) async throws {
    let (certificates, log) = (try await TestCertificates.shared, RecordedLog())
    var configuration = certificates.server()
    if `case` == "stall" { configuration.limits.prefaceTimeout = .milliseconds(200) }
    try await withLoopback(server: configuration, logger: log.logger) { _, server, endpoint in
      let peer = try ChildProcess(
        Repository.python("tls_peer.py", `case`, "\(endpoint.port)", certificates.certificate("ca")))
      let exit = try await peer.waitUntilExit()
      #expect(exit == .code(0), "\(peer.errors.text)")
      #expect(peer.output.text.hasPrefix(prints), "\(peer.output.text)")
      try await log.line(containing: serverLogs)
      try await eventually("no connection") { server.connectionCount == 0 }
    }
  }

  @Test("A client of TLS 1.2 is served, unless only 1.3 is allowed")
  func tls12() async throws {
    let (certificates, log) = (try await TestCertificates.shared, RecordedLog())
    var configuration = certificates.server()
    for version in [MinimumTLSVersion.tls12, .tls13] {
      configuration.tls?.minimumVersion = version
      try await withLoopback(server: configuration, logger: log.logger) { _, _, endpoint in
        let peer = try ChildProcess(
          Repository.python("tls_peer.py", "tls12", "\(endpoint.port)", certificates.certificate("ca")))
        let exit = try await peer.waitUntilExit()
        switch version {
        case .tls12:
          #expect(exit == .code(0), "\(peer.errors.text)")
          #expect(peer.output.text.hasPrefix("TLSv1.2 ECDHE-ECDSA-AES"), "\(peer.output.text)")
        case .tls13:
          #expect(exit == .code(1))
          try await log.line(containing: "no version of TLS that is allowed here")
        }
      }
    }
  }

  @Test("A client refuses a server that negotiates no HTTP/2")
  func serverWithoutALPN() async throws {
    let certificates = try await TestCertificates.shared
    let peer = try ChildProcess(
      Repository.python(
        "tls_peer.py", "serve-no-alpn", certificates.certificate("server"), certificates.key("server")))
    let line = try await peer.output.line(containing: "listening on")
    let port = try #require(line.split(separator: " ").last.flatMap { Int($0) })
    let channel = RPCChannel(
      to: [Endpoint(host: "127.0.0.1", port: port)], configuration: certificates.client(), logger: quiet)
    let error = try await rpcError { try await channel.unary(EchoService.unary, ByteBuffer()) as ByteBuffer }
    #expect(error?.code == .unavailable)
    #expect(
      error?.message.contains("did not negotiate HTTP/2 (ALPN \"h2\")") == true, "\(error?.message ?? "")")
    await channel.shutdown(within: .zero)
    try await peer.waitUntilExit()
  }

  @Test(
    "Files that can't be used are named when the server starts",
    arguments: [
      ("missing", "server", "missing.pem can't be read: No such file or directory"),
      ("server", "missing", "missing.key can't be read: No such file or directory"),
      ("server", "client", "is not that of the certificate in"),
    ])
  func badFiles(certificate: String, key: String, told: String) async throws {
    let certificates = try await TestCertificates.shared
    let tls = ServerTLS(
      identity: TLSIdentity(
        certificateChain: .file(certificates.certificate(certificate)),
        privateKey: .file(certificates.key(key))))
    let server = RPCServer(services: [EchoService()], logger: quiet)
    let error = await #expect(throws: InvalidTLS.self) {
      try await server.start(on: .hostAndPort("127.0.0.1", 0), tls: tls)
    }
    #expect(error?.description.contains(told) == true, "\(error?.description ?? "")")
  }

  @Test("A key where a certificate belongs, and the other way round, are told apart")
  func swappedFiles() async throws {
    let certificates = try await TestCertificates.shared
    let (certificate, key) = (certificates.certificate("server"), certificates.key("server"))
    let server = RPCServer(services: [EchoService()], logger: quiet)
    for (chain, key, told) in [
      (key, key, "\(key) holds no certificate"),
      (certificate, certificate, "\(certificate) holds no private key"),
    ] {
      let error = await #expect(throws: InvalidTLS.self) {
        try await server.start(
          on: .hostAndPort("127.0.0.1", 0),
          tls: ServerTLS(identity: TLSIdentity(certificateChain: .file(chain), privateKey: .file(key))))
      }
      #expect(error?.description.contains(told) == true, "\(error?.description ?? "")")
    }
  }

  @Test("A client whose files can't be read ends its calls with UNAVAILABLE and their names")
  func clientFiles() async throws {
    let certificates = try await TestCertificates.shared
    try await withLoopback(server: certificates.server(), channel: certificates.client(roots: "missing")) {
      channel, _, _ in
      let error = try await rpcError {
        try await channel.unary(EchoService.unary, ByteBuffer()) as ByteBuffer
      }
      #expect(error?.code == .unavailable)
      #expect(error?.message.contains("missing.pem can't be read") == true, "\(error?.message ?? "")")
    }
  }
}
