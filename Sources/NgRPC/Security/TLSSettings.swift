import NIOCore
import NIOSSL

/// What a TLS context is made of: sources that are read, and the rest, which does not change.
struct TLSSettings: Sendable {
  let identity: TLSIdentity?
  /// nil when the peer's certificate is not looked at.
  let trustRoots: TLSTrustRoots?
  /// All but certificates and keys.
  let base: TLSConfiguration

  /// What the sources held when they were read.
  struct Material: Hashable {
    var chain: [UInt8]?
    var key: [UInt8]?
    var roots: [[UInt8]]?
  }

  /// Whether there is anything that can change.
  var hasFiles: Bool {
    var sources = identity.map { [$0.certificateChain, $0.privateKey] } ?? []
    if case .pem(let roots) = trustRoots { sources += roots }
    return sources.contains { if case .file = $0 { true } else { false } }
  }

  /// Blocks the thread.
  func read() throws(InvalidTLS) -> Material {
    var material = Material()
    material.chain = try identity?.certificateChain.read()
    material.key = try identity?.privateKey.read()
    if case .pem(let sources) = trustRoots {
      var roots: [[UInt8]] = []
      for source in sources { roots.append(try source.read()) }
      material.roots = roots
    }
    return material
  }

  /// Blocks the thread: the system's authorities are many.
  func makeContext(of material: Material) throws(InvalidTLS) -> NIOSSLContext {
    var configuration = base
    if let identity, let chain = material.chain, let key = material.key {
      let certificates = try certificates(in: chain, of: identity.certificateChain)
      configuration.certificateChain = certificates.map { .certificate($0) }
      do {
        configuration.privateKey = .privateKey(try NIOSSLPrivateKey(bytes: key, format: .pem))
      } catch {
        throw InvalidTLS("\(identity.privateKey) holds no private key in PEM form without a passphrase")
      }
    }
    if let roots = material.roots, case .pem(let sources) = trustRoots {
      var certificates: [NIOSSLCertificate] = []
      for (root, source) in zip(roots, sources) {
        certificates += try self.certificates(in: root, of: source)
      }
      configuration.trustRoots = .certificates(certificates)
    }
    do {
      return try NIOSSLContext(configuration: configuration)
    } catch {
      guard let identity else { throw InvalidTLS("The trust roots can't be used: \(error)") }
      throw InvalidTLS(
        "The key in \(identity.privateKey) is not that of the certificate in \(identity.certificateChain), or they can't be used: \(error)"
      )
    }
  }

  private func certificates(in pem: [UInt8], of source: PEMSource) throws(InvalidTLS) -> [NIOSSLCertificate] {
    do {
      let certificates = try NIOSSLCertificate.fromPEMBytes(pem)
      if !certificates.isEmpty { return certificates }
    } catch {}
    throw InvalidTLS("\(source) holds no certificate in PEM form")
  }
}

extension TLSConfiguration {
  /// What gRPC and HTTP/2 ask of TLS, whichever side one is on.
  mutating func setGRPCDefaults(_ minimumVersion: MinimumTLSVersion) {
    minimumTLSVersion = minimumVersion == .tls13 ? .tlsv13 : .tlsv12
    maximumTLSVersion = nil
    // Of TLS 1.2 only what RFC 9113, appendix A, does not prohibit. The suites of TLS 1.3 are always there.
    cipherSuites = "ECDHE+AESGCM:ECDHE+CHACHA20"
    applicationProtocols = ["h2"]
    renegotiationSupport = .none
    // Ours is sent in any case; the wait for the peer's keeps what it still sends from resetting what it has not read.
    shutdownTimeout = .seconds(1)
  }
}
