import CIMCore
import CIMProtos

/// A group as one of its members sees it.
public struct ChatGroup: Hashable, Sendable {
  /// Which.
  public let id: GroupID
  /// Who owns it: who made it, or after that one left the member with the lowest id.
  public let owner: Account
  /// How many members it has.
  public let memberCount: Int
  /// Whether this user is muted in it.
  public let isMuted: Bool

  /// Describes a group.
  public init(id: GroupID, owner: Account, memberCount: Int, isMuted: Bool) {
    self.id = id
    self.owner = owner
    self.memberCount = memberCount
    self.isMuted = isMuted
  }
}

// Each call throws `ClientError`, with the code `notFound` when there is no such group or the user is no member of it, and
// `unavailable` while no route answers or before the first login.

extension ChatClient {
  /// Tells of a group: who owns it, how many are in it, and whether this user is muted.
  public func group(_ group: GroupID) async throws(ClientError) -> ChatGroup {
    let response = try await self.call("asking for a group") { route, options in
      try await route.getGroup(CimV1.GetGroupRequest(groupID: group.rawValue), options: options)
    }
    guard let owner = Account(response.owner) else {
      throw ClientError(.unavailable, "asking for a group: the answer does not name its owner")
    }
    return ChatGroup(
      id: group, owner: owner, memberCount: Int(response.memberCount), isMuted: response.muted)
  }

  /// Ends somebody's membership of a group that this user owns: what is said in it from now on is not for that user. Who was
  /// removed can join again.
  ///
  /// - Returns: false when the user was no member: nothing has changed.
  /// - Throws: `ClientError`, with the code `denied` when this user does not own the group, `invalid` for this user itself.
  @discardableResult
  public func remove(_ member: UserID, from group: GroupID) async throws(ClientError) -> Bool {
    try await self.call("removing a member") { route, options in
      try await route.removeFromGroup(
        CimV1.RemoveFromGroupRequest(groupID: group.rawValue, userID: member.rawValue), options: options
      ).removed
    }
  }

  /// Mutes a member of a group that this user owns: it still receives, and what it sends is refused, also after it has left
  /// and joined again.
  ///
  /// - Returns: false when it was muted before: nothing has changed.
  /// - Throws: `ClientError`, with the code `denied` when this user does not own the group, `invalid` for this user itself,
  ///   `notFound` also when the other is no member.
  @discardableResult
  public func mute(_ member: UserID, in group: GroupID) async throws(ClientError) -> Bool {
    try await self.call("muting a member") { route, options in
      try await route.muteInGroup(
        CimV1.MuteInGroupRequest(groupID: group.rawValue, userID: member.rawValue), options: options
      ).muted
    }
  }

  /// Lets a muted member of a group that this user owns send again; this user itself, too.
  ///
  /// - Returns: false when it was not muted: nothing has changed.
  /// - Throws: As `mute(_:in:)`.
  @discardableResult
  public func unmute(_ member: UserID, in group: GroupID) async throws(ClientError) -> Bool {
    try await self.call("ending a mute") { route, options in
      try await route.unmuteInGroup(
        CimV1.UnmuteInGroupRequest(groupID: group.rawValue, userID: member.rawValue), options: options
      ).unmuted
    }
  }
}
