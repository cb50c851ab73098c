/// What became of a change of a group's membership.
public enum MembershipOutcome: Hashable, Sendable {
  /// It was changed, and this entry of the group's log says so.
  case changed(LogEntry)

  /// It was so already, since that place in the log; `nil` for who never was a member.
  case unchanged(since: LogPosition?)

  /// The group has as many members as it may have, `MessageLogLimits.membersPerGroup`, that many.
  case full(members: Int)

  /// There is no such group.
  case noGroup
}
