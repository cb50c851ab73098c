import NgRPC

/// Lets only those call a server who have shown who they are; handlers learn who it is.
///
/// ```swift
/// let authentication = AuthenticationInterceptor { credentials, call in
///   try await sessions.user(of: credentials.value)  // nil: nobody
/// }
/// RPCServer(
///   services: services, interceptors: [authentication.applied(to: .all.except(.infrastructure))], logger: logger)
/// // in a handler:
/// let user = try context.principal(as: User.self)
/// ```
///
/// Credentials come in the metadata `authorization`. A call without, with malformed or with unknown ones ends with
/// UNAUTHENTICATED before its handler is made. While they are looked up the call is held: its messages stay with the client, and
/// its end cancels the look-up.
public struct AuthenticationInterceptor<Principal: Sendable>: ServerInterceptor {
  /// Says who has shown credentials; nil for nobody.
  public typealias Verifier = @Sendable (Credentials, ServerContext) async throws -> Principal?
  /// The same where nothing has to be waited for.
  public typealias ImmediateVerifier = @Sendable (Credentials, ServerContext) throws -> Principal?

  private enum Check: Sendable {
    case later(Verifier)
    case now(ImmediateVerifier)
  }

  private let schemes: Set<String>
  private let check: Check

  /// - Parameters:
  ///   - schemes: those that are accepted; `bearer` alone by default.
  ///   - verify: runs in a task of its own, on the call's event loop. An ``NgRPC/RPCError`` that it throws ends the call with
  ///     that status, any other error with UNAVAILABLE.
  public init(schemes: Set<String> = ["bearer"], verify: @escaping Verifier) {
    self.init(schemes, .later(verify))
  }

  /// An interceptor that knows at once, such as from a signature: it takes no task.
  ///
  /// - Parameter verify: called on the call's event loop; must not block. Errors are as for the other one.
  public init(schemes: Set<String> = ["bearer"], verifyingAtOnce verify: @escaping ImmediateVerifier) {
    self.init(schemes, .now(verify))
  }

  private init(_ schemes: Set<String>, _ check: Check) {
    self.schemes = Set(schemes.map { $0.lowercased() })
    self.check = check
  }

  public func intercept(_ call: inout ServerContext) throws -> ServerInterception {
    let credentials = try Credentials(in: call.metadata, schemes: schemes)
    switch check {
    case .now(let verify):
      call[PrincipalKey<Principal>.self] = try Self.principal(Result { try verify(credentials, call) })
      return .pass
    case .later(let verify):
      return ServerInterception(admission: { call in
        let outcome: Result<Principal?, any Error>
        do {
          outcome = .success(try await verify(credentials, call))
        } catch {
          outcome = .failure(error)
        }
        call[PrincipalKey<Principal>.self] = try Self.principal(outcome)
      })
    }
  }

  private static func principal(_ outcome: Result<Principal?, any Error>) throws -> Principal {
    switch outcome {
    case .success(let principal?): return principal
    case .success(nil):
      throw RPCError(code: .unauthenticated, message: "The credentials are not valid, or not valid any more.")
    case .failure(let error) where error is RPCError || error is CancellationError: throw error
    case .failure(let error):
      throw RPCError(
        code: .unavailable, message: "The credentials can't be checked now; try again later.", cause: error)
    }
  }
}

private enum PrincipalKey<Principal: Sendable>: ContextKey { typealias Value = Principal }

extension ServerContext {
  /// Who makes the call.
  ///
  /// - Throws: UNAUTHENTICATED when no ``AuthenticationInterceptor`` with that type of principal has let the call in.
  public func principal<Principal: Sendable>(as _: Principal.Type = Principal.self) throws -> Principal {
    guard let principal = self[PrincipalKey<Principal>.self] else {
      throw RPCError(
        code: .unauthenticated, message: "The method \(method) is for authenticated callers only.")
    }
    return principal
  }
}

extension MethodFilter {
  /// What tools and load balancers call: health and reflection.
  public static let infrastructure = MethodFilter.services([
    "grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
  ])
}
