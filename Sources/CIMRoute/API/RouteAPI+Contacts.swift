import CIMCore
import CIMProtos
import NgRPC

extension RouteAPI {
  func blockUser(
    _ request: CimV1.BlockUserRequest, context: ServerContext
  ) async throws -> CimV1.BlockUserResponse {
    let (login, _) = try await authorize(context)
    let other = try userID(request.userID, "user_id")
    guard other != login.user else {
      throw RPCError(code: .invalidArgument, message: "user_id is your own: nobody can block themselves.")
    }
    return try await withStores {
      guard try await core.accounts.account(other) != nil else {
        throw RPCError(code: .notFound, message: "There is no user \(other).")
      }
      return CimV1.BlockUserResponse(
        blocked: try await core.stores.contacts.block(other, by: login.user))
    }
  }

  func unblockUser(
    _ request: CimV1.UnblockUserRequest, context: ServerContext
  ) async throws -> CimV1.UnblockUserResponse {
    let (login, _) = try await authorize(context)
    let other = try userID(request.userID, "user_id")
    return try await withStores {
      CimV1.UnblockUserResponse(
        unblocked: try await core.stores.contacts.unblock(other, by: login.user))
    }
  }

  func listBlocked(
    _ request: CimV1.ListBlockedRequest, context: ServerContext
  ) async throws -> CimV1.ListBlockedResponse {
    let (login, _) = try await authorize(context)
    let size = try pageSize(request.pageSize, default: 100, limit: 1000)
    let after = try userPageToken(request.pageToken)
    return try await withStores {
      // One more than asked for tells whether there is another page.
      let ids = try await core.stores.contacts.blocked(by: login.user, after: after, limit: size + 1)
      let page = Array(ids.prefix(size))
      return CimV1.ListBlockedResponse(
        users: try await core.accounts.accounts(page).map(CimV1.User.init),
        nextPageToken: ids.count > size ? page.last?.description ?? "" : "")
    }
  }
}
