/// What a group's owner can do to a member.
public enum MemberChange: String, Hashable, Sendable, CaseIterable {
  /// Ends the membership. Done to who is no member it changes nothing. The owner can't be removed.
  case remove
  /// Has the log refuse what the member sends, also after it has left and joined again. The owner can't be muted.
  case mute
  /// Ends that. An owner that was muted as a member can do it to itself.
  case unmute
}

/// What became of something that a group's owner does to a member.
public enum MemberChangeOutcome: Hashable, Sendable {
  /// It is done, and this entry of the group's log says so.
  case changed(LogEntry)

  /// It was so already.
  case unchanged

  /// The user is no member of the group.
  case notAMember

  /// The one who asked is a member of the group and does not own it, or the owner can't do this to itself.
  case denied

  /// There is no such group, or the one who asked is no member of it.
  case noGroup
}
