import Foundation
import NIOCore
import NgRPC
import TestSupport
import Testing

@Suite("When the files of certificates change", .timeLimit(.minutes(1)))
struct TLSReloadTests {
  /// A folder laid out as Kubernetes mounts a secret: the files are links through `..data`, which is what changes.
  private struct SecretMount {
    let directory: TemporaryDirectory
    private let certificates: TestCertificates

    init(_ certificates: TestCertificates, holding name: String) throws {
      self.certificates = certificates
      directory = try TemporaryDirectory("secret")
      for file in ["tls.crt", "tls.key", "ca.crt"] {
        try FileManager.default.createSymbolicLink(
          atPath: "\(directory.path)/\(file)", withDestinationPath: "..data/\(file)")
      }
      try put(name)
    }

    func path(_ file: String) -> String { "\(directory.path)/\(file)" }

    var identity: TLSIdentity {
      TLSIdentity(certificateChain: .file(path("tls.crt")), privateKey: .file(path("tls.key")))
    }

    /// Replaces all the files in one step.
    func put(_ name: String, authority: String = "ca", key: String? = nil) throws {
      let files = FileManager.default
      let version = UUID().uuidString
      try files.createDirectory(atPath: path(version), withIntermediateDirectories: false)
      try files.copyItem(atPath: certificates.certificate(name), toPath: path("\(version)/tls.crt"))
      try files.copyItem(atPath: certificates.key(key ?? name), toPath: path("\(version)/tls.key"))
      try files.copyItem(atPath: certificates.certificate(authority), toPath: path("\(version)/ca.crt"))
      try files.createSymbolicLink(atPath: path("..new"), withDestinationPath: version)
      guard rename(path("..new"), path("..data")) == 0 else { throw CocoaError(.fileWriteUnknown) }
    }
  }

  @Test(
    "New connections get the new certificate, calls on the old ones go on, and a broken one changes nothing")
  func serverReloads() async throws {
    let (certificates, log) = (try await TestCertificates.shared, RecordedLog())
    let mount = try SecretMount(certificates, holding: "server")
    var configuration = RPCServer.Configuration.defaults
    configuration.tls = ServerTLS(identity: mount.identity)
    configuration.tls?.reloadInterval = .milliseconds(20)
    try await withLoopback(
      server: configuration, channel: certificates.client(), logger: log.logger
    ) { old, server, endpoint in
      let open = old.call(EchoService.chat, (ByteBuffer.self, ByteBuffer.self))
      var echoes = open.messages.makeAsyncIterator()
      func openCallGoesOn() async throws -> Bool {
        try await open.send(ByteBuffer(string: "still here"))
        return try await echoes.next() == ByteBuffer(string: "still here")
      }
      #expect(try await openCallGoesOn())

      // Only the renewed certificate has this name.
      func connectAnew() async throws -> RPCError? {
        let channel = RPCChannel(
          to: [endpoint], configuration: certificates.client(serverName: "renewed.test"), logger: quiet)
        let error = try await rpcError { try await answers(channel) }
        await channel.shutdown(within: .zero)
        return error
      }
      let refusal = try await connectAnew()
      #expect(refusal?.message.contains("another name") == true, "\(refusal?.message ?? "")")
      try mount.put("renewed")
      try await log.line(containing: "TLS goes on with new files")
      #expect(try await connectAnew() == nil)
      #expect(try await openCallGoesOn())

      try mount.put("server", key: "client")
      let complaint = try await log.line(containing: "the new files can't be used")
      #expect(complaint.hasPrefix("error"), "\(complaint)")
      #expect(complaint.contains("tls.key is not that of the certificate in"), "\(complaint)")
      #expect(try await connectAnew() == nil)
      await #expect(throws: InvalidTLS.self) { try await server.reloadTLS() }
      #expect(try await connectAnew() == nil)
      #expect(try await openCallGoesOn())

      // Asked for, it happens before the answer.
      try mount.put("server")
      try await server.reloadTLS()
      #expect(try await connectAnew()?.message.contains("another name") == true)
      #expect(try await openCallGoesOn())
      open.finish()
      #expect(try await echoes.next() == nil)
    }
  }

  @Test(
    "A channel uses what its files hold when it connects, and what they held before while they are broken")
  func clientReloads() async throws {
    let (certificates, log) = (try await TestCertificates.shared, RecordedLog())
    let mount = try SecretMount(certificates, holding: "stranger")
    var configuration = RPCChannel.Configuration.defaults
    configuration.tls = ClientTLS(trustRoots: .pem([.file(mount.path("ca.crt"))]), identity: mount.identity)
    configuration.backoff.initial = .milliseconds(10)
    let server = {
      RPCServer(
        services: [EchoService()], configuration: certificates.server(clients: .required), logger: quiet)
    }
    let first = server()
    let port = try await first.start(on: .hostAndPort("127.0.0.1", 0)).port!
    let target = Endpoint(host: "127.0.0.1", port: port)
    let channel = RPCChannel(to: [target], configuration: configuration, logger: log.logger)
    #expect(try await rpcError { try await answers(channel) }?.code == .unavailable)
    try mount.put("client")
    #expect(try await answers(channel, waitForReady: true))

    try FileManager.default.removeItem(atPath: mount.path("tls.key"))
    // When the server is another one, there is a connection to be made.
    await first.shutdown(within: .seconds(5))
    let second = server()
    try await second.start(on: .hostAndPort("127.0.0.1", port))
    #expect(try await answers(channel, waitForReady: true))
    try await log.line(containing: "tls.key can't be read")
    await channel.shutdown(within: .seconds(5))
    await second.shutdown(within: .seconds(5))
  }
}
