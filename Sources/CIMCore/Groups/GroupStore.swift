import NIOCore

/// Who belongs where: groups and their members.
///
/// Membership is part of a group's log: a change and the entry that tells of it are one step, so that everybody who reads
/// the log sees the change at the same place. The caller encodes what the entry says. A group whose last member has left
/// is still there.
///
/// A group has an owner as long as it has members: who created it. When the owner leaves, the member with the lowest id
/// owns it; a group without members belongs to who joins it next.
public protocol GroupStore: Store {
  /// Creates a group, with its first member.
  ///
  /// - Parameter content: what the first entry of the log says: that the owner joined.
  /// - Returns: the first entry of its log; `nil` when there is such a group.
  func create(
    _ group: GroupID, owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> LogEntry?

  /// Makes a user a member.
  ///
  /// - Parameter content: what the entry says if there is one: that the user joined.
  func join(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome

  /// Ends a user's membership.
  ///
  /// - Parameter content: what the entry says if there is one: that the user left.
  func leave(
    _ group: GroupID, _ user: Account, content: ByteBuffer
  ) async throws(StoreError) -> MembershipOutcome

  /// Does something to a member, if a group's owner asks for it.
  ///
  /// - Parameters:
  ///   - owner: who asks for it.
  ///   - content: what the entry says if there is one.
  func change(
    _ change: MemberChange, _ member: UserID, in group: GroupID, by owner: Account, content: ByteBuffer
  ) async throws(StoreError) -> MemberChangeOutcome

  /// What a member is told of a group; `nil` when there is no such group or the user is no member of it.
  func info(of group: GroupID, for user: UserID) async throws(StoreError) -> GroupInfo?

  /// The groups of which a user is a member, each with the place in its log where the user joined.
  func groups(of user: UserID) async throws(StoreError) -> [GroupID: LogPosition]

  /// A group's members by ascending id; `nil` when there is no such group.
  ///
  /// - Parameters:
  ///   - after: only users with a greater id; `nil` begins at the first.
  ///   - limit: at most that many; at least 1.
  func members(
    of group: GroupID, after: UserID?, limit: Int
  ) async throws(StoreError) -> [UserID]?

  /// Where a user joined a group of which the user is a member; `nil` for who is not.
  func membership(of user: UserID, in group: GroupID) async throws(StoreError) -> LogPosition?

  /// The memberships of a user that have ended, of any number of groups at once: by group, ascending, the last
  /// `Stay.remembered` of each. Groups that the user never left are absent from the answer.
  func formerStays(of user: UserID, in groups: [GroupID]) async throws(StoreError) -> [GroupID: [Stay]]
}
