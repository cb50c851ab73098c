import NIOCore
import NIOSSL

extension ChannelPipeline.SynchronousOperations {
  /// Has a new connection to a server begin with a TLS handshake.
  ///
  /// - Parameter completed: told the client's certificate when all is well.
  func addServerTLS(_ context: NIOSSLContext, completed: @escaping (PeerCertificate?) -> Void) throws {
    let tls = NIOSSLServerHandler(context: context)
    try addHandlers(
      tls,
      TLSHandshake(tls) { certificate throws(TLSFailure) in
        // BoringSSL does not look again when a session is resumed.
        if let certificate, certificate.hasExpired { throw .expired(certificate) }
        completed(certificate)
      })
  }

  /// Has a client's new connection begin with a TLS handshake.
  ///
  /// - Parameter host: what the server's certificate must be for: a name, or the IP address that is connected to; empty when there is
  ///   neither.
  func addClientTLS(_ context: NIOSSLContext, host: String) throws {
    let isName = !host.isEmpty && (try? SocketAddress(ipAddress: host, port: 0)) == nil
    let isVerified = context.configuration.certificateVerification == .fullVerification
    if host.isEmpty, isVerified {
      throw InvalidTLS(
        "a Unix domain socket has no name that the certificate could be for: set ClientTLS.serverName")
    }
    let tls = try NIOSSLClientHandler(context: context, serverHostname: isName ? host : nil)
    // NIO would be content with the address where a name was asked for.
    let checksName = isName && isVerified
    try addHandlers(
      tls,
      TLSHandshake(tls) { certificate throws(TLSFailure) in
        if checksName, certificate?.isFor(host: host) != true { throw .wrongName(certificate) }
      })
  }
}
