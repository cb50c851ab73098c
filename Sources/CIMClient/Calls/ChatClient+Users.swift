import CIMCore
import CIMProtos

extension ChatClient {
  /// Who is online, by ascending id.
  ///
  /// - Parameter limit: How many are enough; all by default.
  /// - Throws: `ClientError`, with the code `unavailable` while no route answers or before the first login.
  public func onlineUsers(limit: Int = .max) async throws(ClientError) -> [Account] {
    try await self.pages("listing who is online", limit: limit) { route, options, size, token in
      let response = try await route.onlineUsers(
        CimV1.OnlineUsersRequest(pageSize: size, pageToken: token), options: options)
      return (response.users.compactMap { Account($0) }, response.nextPageToken)
    }
  }

  /// The account of an id.
  ///
  /// - Throws: `ClientError`, with the code `notFound` when there is none.
  public func user(_ id: UserID) async throws(ClientError) -> Account {
    try await self.user(.userID(id.rawValue))
  }

  /// The account of a name.
  ///
  /// - Throws: `ClientError`, with the code `notFound` when there is none.
  public func user(named name: UserName) async throws(ClientError) -> Account {
    try await self.user(.name(name.rawValue))
  }

  private func user(_ key: CimV1.GetUserRequest.Key) async throws(ClientError) -> Account {
    let what = "looking a user up"
    let response = try await self.call(what) { route, options in
      try await route.getUser(CimV1.GetUserRequest(key: key), options: options)
    }
    guard let account = Account(response.user) else {
      throw ClientError(.incompatible, "\(what) did not work: the answer names nobody")
    }
    return account
  }
}
