import CIMCore
import CIMProtos

// Each call throws `ClientError`, with the code `unavailable` while no route answers or before the first login.

extension ChatClient {
  /// Creates a group, with the user as its first member. Its conversation is `.group(group)`.
  ///
  /// - Throws: `ClientError`, with the code `alreadyExists` when there is such a group.
  public func createGroup(_ group: GroupID) async throws(ClientError) {
    _ = try await self.call("creating a group") { route, options in
      try await route.createGroup(CimV1.CreateGroupRequest(groupID: group.rawValue), options: options)
    }
  }

  /// Joins a group: what is said in it from now on is for the user.
  ///
  /// - Returns: false when the user was a member before: nothing has changed.
  /// - Throws: `ClientError`, with the code `notFound` when there is no such group.
  @discardableResult
  public func joinGroup(_ group: GroupID) async throws(ClientError) -> Bool {
    try await self.call("joining a group") { route, options in
      try await route.joinGroup(CimV1.JoinGroupRequest(groupID: group.rawValue), options: options).joined
    }
  }

  /// Leaves a group: what is said in it from now on is not for the user any more.
  ///
  /// - Returns: false when the user was no member: nothing has changed.
  /// - Throws: `ClientError`, with the code `notFound` when there is no such group.
  @discardableResult
  public func leaveGroup(_ group: GroupID) async throws(ClientError) -> Bool {
    try await self.call("leaving a group") { route, options in
      try await route.leaveGroup(CimV1.LeaveGroupRequest(groupID: group.rawValue), options: options).left
    }
  }

  /// The groups of which the user is a member, by ascending id.
  public func groups() async throws(ClientError) -> [GroupID] {
    try await self.pages("listing the groups") { route, options, size, token in
      let response = try await route.listGroups(
        CimV1.ListGroupsRequest(pageSize: size, pageToken: token), options: options)
      return (response.groupIds.compactMap { try? GroupID($0) }, response.nextPageToken)
    }
  }

  /// A group's members, by ascending id.
  ///
  /// - Throws: `ClientError`, with the code `notFound` when there is no such group or the user is no member of it.
  public func members(of group: GroupID) async throws(ClientError) -> [Account] {
    try await self.pages("listing the members of a group") { route, options, size, token in
      let response = try await route.listMembers(
        CimV1.ListMembersRequest(groupID: group.rawValue, pageSize: size, pageToken: token), options: options)
      return (response.members.compactMap { Account($0) }, response.nextPageToken)
    }
  }
}
