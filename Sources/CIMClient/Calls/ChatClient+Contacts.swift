import CIMCore
import CIMProtos

extension ChatClient {
  /// Blocks a user: neither can write to the other privately any more, which fails with `SendError.Code.blocked`.
  ///
  /// - Returns: false when the user was blocked before: nothing has changed.
  /// - Throws: `ClientError`, with the code `notFound` when there is no such user, and `invalid` for the user itself.
  @discardableResult
  public func block(_ user: UserID) async throws(ClientError) -> Bool {
    try await self.call("blocking a user") { route, options in
      try await route.blockUser(CimV1.BlockUserRequest(userID: user.rawValue), options: options).blocked
    }
  }

  /// Blocks a user no more. When the other one blocks this user, too, that stays.
  ///
  /// - Returns: false when the user was not blocked before: nothing has changed.
  @discardableResult
  public func unblock(_ user: UserID) async throws(ClientError) -> Bool {
    try await self.call("unblocking a user") { route, options in
      try await route.unblockUser(CimV1.UnblockUserRequest(userID: user.rawValue), options: options).unblocked
    }
  }

  /// Whom the user blocks, by ascending id.
  public func blockedUsers() async throws(ClientError) -> [Account] {
    try await self.pages("listing who is blocked") { route, options, size, token in
      let response = try await route.listBlocked(
        CimV1.ListBlockedRequest(pageSize: size, pageToken: token), options: options)
      return (response.users.compactMap { Account($0) }, response.nextPageToken)
    }
  }
}
