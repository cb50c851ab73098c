import CIMCore
import CIMProtos
import NgRPC

/// Serves `cim.v1.Route`.
struct RouteAPI: CimV1.Route.Service, RequestChecks {
  let core: RouteCore

  /// The login that the call's token stands for, and its account.
  ///
  /// - Throws: UNAUTHENTICATED when there is no valid token.
  func authorize(_ context: ServerContext) async throws -> (login: Login, account: Account) {
    guard let token = LoginToken(try context.metadata.bearerToken()) else { throw RPCError.invalidToken }
    return try await withStores {
      guard let login = try await core.stores.logins.login(for: token),
        let account = try await core.accounts.account(login.user)
      else { throw RPCError.invalidToken }
      return (login, account)
    }
  }
}

extension RPCError {
  /// A page token that no answer gave.
  static var invalidPageToken: RPCError {
    RPCError(
      code: .invalidArgument,
      message: "page_token is none that was given as next_page_token; begin without one.")
  }
}
