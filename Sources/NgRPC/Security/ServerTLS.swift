import NIOCore
import NIOSSL

/// How a server speaks TLS.
///
/// TLS 1.3 is preferred. Of TLS 1.2 only the suites with ephemeral keys and authenticated encryption are spoken, which leaves out all that
/// RFC 9113 prohibits (appendix A), and there is no renegotiation. The client must negotiate the protocol `h2` (ALPN, RFC 7301), or the
/// connection is closed. The handshake is part of ``RPCServer/Configuration/Limits/prefaceTimeout``.
///
/// Files are read again every ``reloadInterval``. When their content has changed, new connections use it, and the open ones go on as they
/// are. New content that can't be used changes nothing and is logged as an error, once.
///
/// Clients may resume sessions with tickets (RFC 8446, 4.6.1), whose keys are made at the start and at each change of the files, and
/// never leave the process: nothing is kept per session. Who may have signed a client's certificate is looked at when a session
/// begins, whether it has expired at each connection.
public struct ServerTLS: Sendable, Hashable {
  /// What is asked of a client's certificate.
  public enum ClientVerification: Sendable, Hashable {
    /// None is asked for.
    case none
    /// A client may have one; then it must be valid.
    case optional
    /// A client must have a valid one. Whose it is, handlers see in ``ServerContext/peerCertificate``.
    case required
    /// A client must have a valid one that names the address it connects from.
    case requiredMatchingAddress
  }

  /// What the server shows to clients.
  public var identity: TLSIdentity
  /// What is asked of clients. Nothing by default.
  public var clientVerification: ClientVerification
  /// Who may have signed the certificates of clients. Those that the system trusts by default, which is rarely what is meant: give your own.
  public var clientTrustRoots: TLSTrustRoots
  /// 1.2 by default.
  public var minimumVersion = MinimumTLSVersion.tls12
  /// How long after a change of the files it is noticed, at most; nil for never. 10 s by default. ``RPCServer/reloadTLS()`` looks at once.
  public var reloadInterval: Duration? = .seconds(10)

  /// - Parameters:
  ///   - identity: what the server shows to clients.
  ///   - clientVerification: what is asked of clients.
  ///   - clientTrustRoots: who may have signed the certificates of clients.
  public init(
    identity: TLSIdentity, clientVerification: ClientVerification = .none,
    clientTrustRoots: TLSTrustRoots = .system
  ) {
    self.identity = identity
    self.clientVerification = clientVerification
    self.clientTrustRoots = clientTrustRoots
  }
}

extension ServerTLS {
  var settings: TLSSettings {
    // A server's differs in asking for a key at once and in the verification, which is set below.
    var configuration = TLSConfiguration.makeClientConfiguration()
    configuration.setGRPCDefaults(minimumVersion)
    configuration.certificateVerification =
      switch clientVerification {
      case .none: .none
      case .optional: .optionalVerification
      case .required: .noHostnameVerification
      case .requiredMatchingAddress: .fullVerification
      }
    // Which of its certificates it needs, a client can tell by the names of the authorities: RFC 8446, section 4.2.4.
    configuration.sendCANameList = clientVerification != .none && clientTrustRoots != .system
    return TLSSettings(
      identity: identity, trustRoots: clientVerification == .none ? nil : clientTrustRoots,
      base: configuration)
  }
}
