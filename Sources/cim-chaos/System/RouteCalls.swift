import CIMChaos
import CIMCore
import CIMProtos
import NgRPC
import TestSupport

/// What a run asks a route: it goes past the relays.
struct RouteCalls: Sendable {
  let node: CimNode
  /// How long each call may take.
  var timeout: Duration = .seconds(10)

  /// Makes an account and logs a device of it in that never connects.
  ///
  /// - Returns: the account's id and a token for calls.
  func register(_ name: String) async throws -> (user: UserID, token: String) {
    try await self.call { route in
      let user = try await route.register(.init(name: name), options: self.options()).user ?? .init()
      let login = try await route.login(
        .init(userID: user.id, name: user.name, deviceID: "calls"), options: self.options())
      return (UserID(user.id), login.token)
    }
  }

  func logOut(_ token: String) async throws {
    _ = try await self.call { try await $0.logout(.init(), options: self.options(token)) }
  }

  /// Creates a group whose first member is the token's user.
  ///
  /// - Returns: where in its log that is.
  func createGroup(_ id: String, token: String) async throws -> CIMCore.LogPosition {
    let response = try await self.call {
      try await $0.createGroup(.init(groupID: id), options: self.options(token))
    }
    return try Self.position(response.position)
  }

  /// Has the token's user join a group.
  ///
  /// - Returns: where in its log that is.
  func joinGroup(_ id: String, token: String) async throws -> CIMCore.LogPosition {
    let response = try await self.call {
      try await $0.joinGroup(.init(groupID: id), options: self.options(token))
    }
    return try Self.position(response.position)
  }

  /// Has the token's user leave a group.
  ///
  /// - Returns: where in its log that is.
  func leaveGroup(_ id: String, token: String) async throws -> CIMCore.LogPosition {
    let response = try await self.call {
      try await $0.leaveGroup(.init(groupID: id), options: self.options(token))
    }
    return try Self.position(response.position)
  }

  /// Sends a message in the name of the token's user.
  ///
  /// - Returns: its place, and whether it had been accepted before.
  func send(_ text: String, to conversation: Conversation, key: String, token: String) async throws
    -> (position: CIMCore.LogPosition, isDuplicate: Bool)
  {
    let response = try await self.call {
      try await $0.send(
        .init(
          target: .conversation("\(conversation)"), content: .init(kind: .text(text)), idempotencyKey: key),
        options: self.options(token))
    }
    return (try Self.position(response.accepted?.position), response.accepted?.duplicate ?? false)
  }

  /// Who is online.
  func onlineUsers(token: String) async throws -> Set<UserID> {
    try await self.call { route in
      var users: Set<UserID> = []
      var page = ""
      repeat {
        let response = try await route.onlineUsers(
          .init(pageSize: 1000, pageToken: page), options: self.options(token))
        users.formUnion(response.users.map { UserID($0.id) })
        page = response.nextPageToken
      } while !page.isEmpty
      return users
    }
  }

  private func call<Result>(_ body: (CimV1.Route.Client) async throws -> Result) async throws -> Result {
    try await self.node.withChannel { try await body(CimV1.Route.Client($0)) }
  }

  private func options(_ token: String? = nil) -> CallOptions {
    var options = CallOptions(timeout: self.timeout)
    if let token { options.metadata.add("Bearer \(token)", for: "authorization") }
    return options
  }

  private static func position(_ position: CimV1.LogPosition?) throws -> CIMCore.LogPosition {
    guard let position else { throw RunError("a route answered without a position") }
    return CIMCore.LogPosition(epoch: position.epoch, seq: position.seq)
  }
}
