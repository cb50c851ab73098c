import NgRPC
import Synchronization

private let key = "authorization"

/// Shows a bearer token with each call of a channel, and gets a new one when it is needed.
///
/// ```swift
/// RPCChannel(to: targets, interceptors: [BearerTokenInterceptor { try await login.token() }], …)
/// ```
///
/// A token is kept until shortly before it expires, or until a call ends with UNAUTHENTICATED. Calls that come while a new one is
/// got wait for it, all for the same. A call that has an `authorization` of its own keeps that.
///
/// A token must not be seen on its way: calls of a channel without TLS end with UNAUTHENTICATED and are not sent, as gRPC asks of
/// call credentials, unless `allowsPlaintext` is set.
public struct BearerTokenInterceptor: ClientInterceptor {
  private let source: BearerTokenSource
  private let allowsPlaintext: Bool

  /// - Parameters:
  ///   - allowsPlaintext: for connections that are safe by other means, such as on one machine.
  ///   - refreshMargin: how long before its expiry a token is replaced. 30 s by default.
  ///   - token: gets a token. An ``NgRPC/RPCError`` that it throws ends the calls that wait with that status, any other error
  ///     with UNAVAILABLE.
  public init(
    allowsPlaintext: Bool = false, refreshMargin: Duration = .seconds(30),
    token: @escaping @Sendable () async throws -> BearerToken
  ) {
    source = BearerTokenSource(margin: refreshMargin, get: token)
    self.allowsPlaintext = allowsPlaintext
  }

  public func intercept(_ call: inout ClientContext) throws -> sending ClientInterception {
    guard call.options.metadata.string(for: key) == nil else { return .pass }
    guard call.isEncrypted || allowsPlaintext else {
      throw RPCError(
        code: .unauthenticated,
        message:
          "A bearer token is not sent in plaintext. Give the channel TLS, or allow it with allowsPlaintext.")
    }
    let rejection = Rejection(source)
    if let token = source.current {
      rejection.use(token, &call)
      return ClientInterception(observer: rejection)
    }
    return ClientInterception(
      observer: rejection,
      preparation: { [source] call in rejection.use(try await source.next(), &call) })
  }

  /// Learns from a call's end that its token is of no use any more.
  private final class Rejection: ClientCallObserver, Sendable {
    private let token = Mutex<BearerToken?>(nil)
    private let source: BearerTokenSource

    init(_ source: BearerTokenSource) { self.source = source }

    func use(_ token: BearerToken, _ call: inout ClientContext) {
      self.token.withLock { $0 = token }
      call.options.metadata.add("Bearer \(token.value)", for: key)
    }

    func ended(_ status: RPCError, after duration: Duration) {
      guard status.code == .unauthenticated, let token = token.withLock({ $0 }) else { return }
      source.discard(token)
    }
  }
}
