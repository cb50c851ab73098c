import CIMCore
import CIMProtos
import NgRPC

extension RouteAPI {
  func createGroup(
    _ request: CimV1.CreateGroupRequest, context: ServerContext
  ) async throws -> CimV1.CreateGroupResponse {
    let (_, account) = try await authorize(context)
    let group = try groupID(request.groupID)
    let created = try await withStores { try await core.groups.create(group, owner: account) }
    guard let entry = created else {
      throw RPCError(
        code: .alreadyExists, message: "There is a group \(group) already; join it, or choose another id.")
    }
    return CimV1.CreateGroupResponse(
      conversation: entry.conversation.description, position: CimV1.LogPosition(entry.position))
  }

  func joinGroup(
    _ request: CimV1.JoinGroupRequest, context: ServerContext
  ) async throws -> CimV1.JoinGroupResponse {
    let (_, account) = try await authorize(context)
    let group = try groupID(request.groupID)
    let name = Conversation.group(group).description
    switch try await withStores({ try await core.groups.join(group, account) }) {
    case .changed(let entry):
      return CimV1.JoinGroupResponse(
        conversation: name, position: CimV1.LogPosition(entry.position), joined: true)
    case .unchanged(let since):
      return CimV1.JoinGroupResponse(
        conversation: name, position: since.map(CimV1.LogPosition.init), joined: false)
    case .full(let members):
      throw RPCError(
        code: .resourceExhausted,
        message:
          "Group \(group) has \(members) members, as many as a group may have: join it when some have left.")
    case .noGroup: throw RPCError.noGroup(group)
    }
  }

  func leaveGroup(
    _ request: CimV1.LeaveGroupRequest, context: ServerContext
  ) async throws -> CimV1.LeaveGroupResponse {
    let (_, account) = try await authorize(context)
    let group = try groupID(request.groupID)
    switch try await withStores({ try await core.groups.leave(group, account) }) {
    case .changed(let entry):
      return CimV1.LeaveGroupResponse(position: CimV1.LogPosition(entry.position), left: true)
    case .unchanged(let since):
      return CimV1.LeaveGroupResponse(position: since.map(CimV1.LogPosition.init), left: false)
    case .full, .noGroup: throw RPCError.noGroup(group)
    }
  }

  func listGroups(
    _ request: CimV1.ListGroupsRequest, context: ServerContext
  ) async throws -> CimV1.ListGroupsResponse {
    let (login, _) = try await authorize(context)
    let size = try pageSize(request.pageSize, default: 100, limit: 1000)
    let after =
      try request.pageToken.isEmpty
      ? nil
      : pageToken { () throws(InvalidIdentifier) in
        try GroupID(request.pageToken)
      }
    let all = try await withStores { try await core.stores.groups.groups(of: login.user) }
    let rest = all.keys.filter { group in after.map { group > $0 } ?? true }.sorted()
    let page = rest.prefix(size)
    return CimV1.ListGroupsResponse(
      groupIds: page.map(\.rawValue), nextPageToken: rest.count > size ? page.last?.rawValue ?? "" : "")
  }

  func listMembers(
    _ request: CimV1.ListMembersRequest, context: ServerContext
  ) async throws -> CimV1.ListMembersResponse {
    let (login, _) = try await authorize(context)
    let group = try groupID(request.groupID)
    let size = try pageSize(request.pageSize, default: 100, limit: 1000)
    let after =
      try request.pageToken.isEmpty
      ? nil
      : pageToken { () throws(InvalidIdentifier) in
        guard let user = UserID(request.pageToken) else {
          throw InvalidIdentifier("user id", rule: "a number")
        }
        return user
      }
    return try await withStores {
      // One more than asked for tells whether there is another page.
      guard try await core.stores.groups.membership(of: login.user, in: group) != nil,
        let ids = try await core.stores.groups.members(of: group, after: after, limit: size + 1)
      else { throw RPCError.noGroup(group) }
      let page = Array(ids.prefix(size))
      return CimV1.ListMembersResponse(
        members: try await core.accounts.accounts(page).map(CimV1.User.init),
        nextPageToken: ids.count > size ? page.last?.description ?? "" : "")
    }
  }

  /// A group id from the field of that name.
  func groupID(_ text: String) throws(RPCError) -> GroupID {
    try parse("group_id") { () throws(InvalidIdentifier) in try GroupID(text) }
  }

  private func pageToken<Value>(_ parse: () throws(InvalidIdentifier) -> Value) throws(RPCError) -> Value {
    do throws(InvalidIdentifier) {
      return try parse()
    } catch {
      throw RPCError.invalidPageToken
    }
  }
}

extension RPCError {
  /// For who is no member: whether there is such a group is nobody else's business.
  static func noGroup(_ group: GroupID) -> RPCError {
    RPCError(
      code: .notFound, message: "There is no group \(group) of which you are a member, or that you can join.")
  }
}
