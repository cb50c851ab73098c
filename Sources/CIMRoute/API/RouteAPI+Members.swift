import CIMCore
import CIMProtos
import NgRPC

extension RouteAPI {
  func getGroup(
    _ request: CimV1.GetGroupRequest, context: ServerContext
  ) async throws -> CimV1.GetGroupResponse {
    let (login, _) = try await authorize(context)
    let group = try groupID(request.groupID)
    return try await withStores {
      guard let info = try await core.stores.groups.info(of: group, for: login.user) else {
        throw RPCError.noGroup(group)
      }
      return CimV1.GetGroupResponse(
        conversation: Conversation.group(group).description,
        owner: try await core.accounts.accounts([info.owner]).first.map { CimV1.User($0) },
        memberCount: UInt32(clamping: info.memberCount), joined: CimV1.LogPosition(info.joined),
        muted: info.isMuted)
    }
  }

  func removeFromGroup(
    _ request: CimV1.RemoveFromGroupRequest, context: ServerContext
  ) async throws -> CimV1.RemoveFromGroupResponse {
    let entry = try await change(.remove, request.userID, in: request.groupID, context)
    return CimV1.RemoveFromGroupResponse(
      position: entry.map { CimV1.LogPosition($0.position) }, removed: entry != nil)
  }

  func muteInGroup(
    _ request: CimV1.MuteInGroupRequest, context: ServerContext
  ) async throws -> CimV1.MuteInGroupResponse {
    let entry = try await change(.mute, request.userID, in: request.groupID, context)
    return CimV1.MuteInGroupResponse(
      position: entry.map { CimV1.LogPosition($0.position) }, muted: entry != nil)
  }

  func unmuteInGroup(
    _ request: CimV1.UnmuteInGroupRequest, context: ServerContext
  ) async throws -> CimV1.UnmuteInGroupResponse {
    let entry = try await change(.unmute, request.userID, in: request.groupID, context)
    return CimV1.UnmuteInGroupResponse(
      position: entry.map { CimV1.LogPosition($0.position) }, unmuted: entry != nil)
  }

  /// Does something to a member of a group that the caller owns.
  ///
  /// - Returns: the entry that says so; nil when it was so already.
  private func change(
    _ change: MemberChange, _ user: UInt64, in group: String, _ context: ServerContext
  ) async throws -> LogEntry? {
    let (_, caller) = try await authorize(context)
    let group = try groupID(group)
    let member = try userID(user, "user_id")
    return try await withStores {
      // Somebody of whom there is no account is no member either; the entry could not name them.
      guard let account = try await core.accounts.accounts([member]).first else {
        guard let info = try await core.stores.groups.info(of: group, for: caller.id) else {
          throw RPCError.noGroup(group)
        }
        guard info.owner == caller.id else { throw RPCError.notTheOwner(group) }
        throw RPCError.noMember(member, of: group)
      }
      switch try await core.groups.change(change, account, in: group, by: caller) {
      case .changed(let entry): return entry
      case .unchanged: return nil
      case .notAMember: throw RPCError.noMember(member, of: group)
      case .denied where member == caller.id: throw RPCError.ownerItself(change)
      case .denied: throw RPCError.notTheOwner(group)
      case .noGroup: throw RPCError.noGroup(group)
      }
    }
  }
}

extension RPCError {
  fileprivate static func notTheOwner(_ group: GroupID) -> RPCError {
    RPCError(
      code: .permissionDenied,
      message: "Only the owner of group \(group) can do that; GetGroup tells who it is.")
  }

  fileprivate static func noMember(_ user: UserID, of group: GroupID) -> RPCError {
    RPCError(code: .notFound, message: "user_id is \(user), who is no member of group \(group).")
  }

  fileprivate static func ownerItself(_ change: MemberChange) -> RPCError {
    RPCError(
      code: .invalidArgument,
      message: change == .remove
        ? "user_id is your own: leave the group by LeaveGroup."
        : "user_id is your own: you can mute others in groups that you own.")
  }
}
