import CIMCore
import CIMProtos
import NgRPC

extension RouteAPI {
  func register(
    _ request: CimV1.RegisterRequest, context: ServerContext
  ) async throws -> CimV1.RegisterResponse {
    let name = try parse("name") { () throws(InvalidIdentifier) in try UserName(request.name) }
    try await core.gate.require(core.configuration.limits.registration(from: context.peer?.clientNetwork))
    return try await withStores {
      let (account, created) = try await core.stores.accounts.register(name)
      return CimV1.RegisterResponse(user: CimV1.User(account), created: created)
    }
  }

  func getUser(_ request: CimV1.GetUserRequest, context: ServerContext) async throws -> CimV1.GetUserResponse
  {
    let account: Account?
    let what: String
    switch request.key {
    case .userID(let id):
      let id = try userID(id, "user_id")
      what = "with the id \(id)"
      account = try await withStores { try await core.accounts.account(id) }
    case .name(let name):
      let name = try parse("name") { () throws(InvalidIdentifier) in try UserName(name) }
      what = "named \(name)"
      account = try await withStores { try await core.stores.accounts.account(named: name) }
    case nil:
      throw RPCError(code: .invalidArgument, message: "key is missing: set user_id or name.")
    }
    guard let account else { throw RPCError(code: .notFound, message: "There is no user \(what).") }
    return CimV1.GetUserResponse(user: CimV1.User(account))
  }

  func login(_ request: CimV1.LoginRequest, context: ServerContext) async throws -> CimV1.LoginResponse {
    let user = try userID(request.userID, "user_id")
    let device = try parse("device_id") { () throws(InvalidIdentifier) in try DeviceID(request.deviceID) }
    let kind = try parse("device_kind") { () throws(InvalidIdentifier) in try DeviceKind(request.deviceKind) }
    try await core.gate.require(core.configuration.limits.login(from: context.peer?.clientNetwork))
    return try await withStores {
      let account = try await checkedAccount(user, named: request.name)
      // Under the other policies the device is let in, and what gives way to it does so when it connects: a login that goes
      // no further does nobody harm.
      if core.configuration.loginPolicy == .reject { try await refuseOtherDevices(of: user, than: device) }
      // Nothing is written before a server is found: a login that fails leaves no trace.
      guard let server = core.links.choose(for: user, avoiding: request.avoidServerID) else {
        throw RPCError(
          code: .unavailable,
          message: "No server is ready to take clients at the moment; try again in a second.")
      }
      let login = try await core.stores.logins.create(user: user, device: device, kind: kind)
      return CimV1.LoginResponse(
        user: CimV1.User(account), token: login.token.text,
        server: CimV1.ServerEndpoint(
          id: server.instance.id.rawValue, host: server.clientEndpoint.host,
          port: UInt32(clamping: server.clientEndpoint.port)))
    }
  }

  private func checkedAccount(_ user: UserID, named name: String) async throws -> Account {
    guard let account = try await core.accounts.account(user) else {
      throw RPCError(code: .notFound, message: "There is no user \(user); register a name to get an id.")
    }
    guard (try? UserName(name)) == account.name else {
      throw RPCError(
        code: .permissionDenied,
        message: "name is not the name of user \(user); log in with the name you registered.")
    }
    return account
  }

  /// The same device takes its own place.
  private func refuseOtherDevices(of user: UserID, than device: DeviceID) async throws {
    let sessions = try await core.stores.sessions.sessions(of: [user])[user] ?? []
    guard core.links.alive(sessions).allSatisfy({ $0.device == device }) else {
      throw RPCError.otherDevice(of: user)
    }
  }

  func logout(_ request: CimV1.LogoutRequest, context: ServerContext) async throws -> CimV1.LogoutResponse {
    guard let token = LoginToken(try context.metadata.bearerToken()) else { throw RPCError.invalidToken }
    try await withStores { try await core.desk.logOut(token) }
    return CimV1.LogoutResponse()
  }

  func onlineUsers(
    _ request: CimV1.OnlineUsersRequest, context: ServerContext
  ) async throws -> CimV1.OnlineUsersResponse {
    _ = try await authorize(context)
    let size = try pageSize(request.pageSize, default: 100, limit: 1000)
    var after: UserID?
    if !request.pageToken.isEmpty {
      guard let last = UserID(request.pageToken) else {
        throw RPCError.invalidPageToken
      }
      after = last
    }
    try requireServers()
    return try await withStores {
      // One more than asked for tells whether there is another page.
      let ids = try await core.stores.sessions.onlineUsers(
        on: core.links.alive, after: after, limit: size + 1)
      let page = Array(ids.prefix(size))
      let accounts = try await core.accounts.accounts(page)
      return CimV1.OnlineUsersResponse(
        users: accounts.map(CimV1.User.init),
        nextPageToken: ids.count > size ? page.last?.description ?? "" : "")
    }
  }
}
