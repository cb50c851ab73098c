import NIOCore
import NIOSSL

/// How a channel speaks TLS.
///
/// TLS 1.3 is preferred. Of TLS 1.2 only the suites with ephemeral keys and authenticated encryption are spoken, which leaves out all that
/// RFC 9113 prohibits (appendix A), and there is no renegotiation. The server must negotiate the protocol `h2` (ALPN, RFC 7301). Sessions
/// are not resumed.
///
/// Files are looked at when a connection is made: it uses what is there then, and the open ones go on as they are. New content that can't be
/// used is logged as an error, once, and what was there before is used. When nothing could ever be used, calls end with UNAVAILABLE and
/// the reason.
public struct ClientTLS: Sendable, Hashable {
  /// What is asked of the server's certificate.
  public enum ServerVerification: Sendable, Hashable {
    /// It must be valid and name the host.
    case full
    /// It must be valid; for whom does not matter.
    case ignoringName
    /// Nothing: anybody may answer. For tests.
    case none
  }

  /// Who may have signed the server's certificate. Those that the system trusts by default.
  public var trustRoots: TLSTrustRoots
  /// What is shown to a server that asks for it; nothing by default.
  public var identity: TLSIdentity?
  /// The DNS name that the server's certificate must have, and that is sent to the server (SNI). The host that is connected to by
  /// default, which may be an IP address too.
  public var serverName: String?
  /// Everything by default.
  public var verification = ServerVerification.full
  /// 1.2 by default.
  public var minimumVersion = MinimumTLSVersion.tls12

  /// - Parameters:
  ///   - trustRoots: who may have signed the server's certificate.
  ///   - identity: what is shown to a server that asks for it.
  ///   - serverName: the DNS name that the server's certificate must have, when it is not the host that is connected to.
  public init(
    trustRoots: TLSTrustRoots = .system, identity: TLSIdentity? = nil, serverName: String? = nil
  ) {
    self.trustRoots = trustRoots
    self.identity = identity
    self.serverName = serverName
  }
}

extension ClientTLS {
  var settings: TLSSettings {
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.setGRPCDefaults(minimumVersion)
    configuration.certificateVerification =
      switch verification {
      case .full: .fullVerification
      case .ignoringName: .noHostnameVerification
      case .none: .none
      }
    return TLSSettings(
      identity: identity, trustRoots: verification == .none ? nil : trustRoots, base: configuration)
  }
}
