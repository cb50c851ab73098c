import NIOSSL

#if canImport(Glibc)
  import Glibc
#else
  import Musl
#endif

/// Why TLS failed, in words that say what to do. BoringSSL's own are in `cause`.
struct TLSFailure: Error, CustomStringConvertible {
  let description: String
  let cause: (any Error)?

  /// - Parameters:
  ///   - error: of BoringSSL or of NIO's handler.
  ///   - peer: the certificate that the peer has shown so far.
  init(_ error: any Error, peer: PeerCertificate? = nil) {
    let text = "\(error)"
    if text.contains("failedToValidateHostname") {
      self = .wrongName(peer)
      return
    }
    cause = error
    if text.contains("CERTIFICATE_VERIFY_FAILED") {
      description = Self.refusal(of: peer)
    } else {
      description = Self.words.first { text.contains($0.key) }?.words ?? "TLS failed: \(text)"
    }
  }

  private init(_ description: String) {
    self.description = description
    cause = nil
  }

  static func expired(_ peer: PeerCertificate) -> TLSFailure {
    TLSFailure("the peer's certificate has expired: \(peer)")
  }

  static func wrongName(_ peer: PeerCertificate?) -> TLSFailure {
    TLSFailure("the peer's certificate is for another name: \(peer.map { "\($0)" } ?? "it has none")")
  }

  static func noHTTP2(negotiated: String?) -> TLSFailure {
    TLSFailure(
      negotiated.map { "the peer wants to speak \"\($0)\", not \"h2\" (ALPN)" }
        ?? "the peer did not negotiate HTTP/2 (ALPN \"h2\")")
  }

  /// BoringSSL keeps its own reason to itself; most often it can be seen.
  private static func refusal(of peer: PeerCertificate?) -> String {
    guard let peer else { return "the peer's certificate can't be verified" }
    if peer.hasExpired { return expired(peer).description }
    if time(nil) < peer.notValidBefore {
      return "the peer's certificate is not valid before \(PeerCertificate.date(peer.notValidBefore))"
    }
    return "the peer's certificate is not signed by an authority that is trusted here (unknown CA): \(peer)"
  }

  /// BoringSSL's names of what went wrong. Those with ALERT came from the peer.
  private static let words: [(key: String, words: String)] = [
    ("WRONG_VERSION_NUMBER", "the peer does not speak TLS on this connection, plaintext maybe"),
    ("HTTP_REQUEST", "the peer speaks plaintext HTTP, and this port TLS"),
    ("HTTPS_PROXY_REQUEST", "the peer speaks plaintext HTTP, and this port TLS"),
    ("PEER_DID_NOT_RETURN_A_CERTIFICATE", "the client shows no certificate, and one is required"),
    ("ALERT_CERTIFICATE_REQUIRED", "the server requires a client certificate, and none was shown"),
    (
      "ALERT_UNKNOWN_CA",
      "the peer does not trust the authority that signed the certificate shown to it (unknown CA)"
    ),
    ("ALERT_CERTIFICATE_EXPIRED", "the peer finds the certificate shown to it expired"),
    ("ALERT_BAD_CERTIFICATE", "the peer refuses the certificate shown to it"),
    ("ALERT_CERTIFICATE_UNKNOWN", "the peer refuses the certificate shown to it"),
    ("ALERT_NO_APPLICATION_PROTOCOL", "the peer does not speak HTTP/2 (ALPN \"h2\")"),
    ("ALERT_PROTOCOL_VERSION", "the peer speaks no version of TLS that is allowed here"),
    (
      "ALERT_HANDSHAKE_FAILURE",
      "the peer refuses the TLS handshake: no common cipher suite, or no certificate"
    ),
    ("UNSUPPORTED_PROTOCOL", "the peer speaks no version of TLS that is allowed here"),
    ("NO_SHARED_CIPHER", "the peer speaks no cipher suite that is allowed here"),
    (
      "EOF during handshake",
      "the peer closed the connection during the TLS handshake: maybe it does not speak TLS on this port"
    ),
    ("uncleanShutdown", "the peer closed the connection without a TLS close_notify"),
  ]
}

extension Error {
  /// Whether BoringSSL or NIO's handler of it has made this.
  var isOfTLS: Bool { self is NIOSSLError || self is BoringSSLError || self is NIOSSLExtraError }
}
