import CIMCore

/// Somebody's part in a group has changed, as it stands in the group's log: a member sees what lies between its joining and
/// the end of its membership.
public struct MembershipEntry: Hashable, Sendable {
  /// What became of the membership.
  public enum Change: String, Hashable, Sendable {
    /// What follows in the log is for the member, too.
    case joined
    /// What follows in the log is not for the member any more.
    case left
    /// The group's owner has ended the membership: what follows in the log is not for the member any more.
    case removed
    /// The group's owner has muted the member: what it sends is refused.
    case muted
    /// The member can send again.
    case unmuted
  }

  /// The group.
  public let conversation: Conversation

  /// The entry's place in the group's log.
  public let position: LogPosition

  /// Who it is about.
  public let member: Account

  /// What became of the membership.
  public let change: Change

  /// Who did it: the member itself, or the group's owner.
  public let by: Account

  /// When it was logged, by the store's clock.
  public let loggedAt: Timestamp

  /// Describes an entry.
  ///
  /// - Parameter by: who did it; `nil` for the member itself.
  public init(
    conversation: Conversation, position: LogPosition, member: Account, change: Change, by: Account? = nil,
    loggedAt: Timestamp
  ) {
    self.by = by ?? member
    self.conversation = conversation
    self.position = position
    self.member = member
    self.change = change
    self.loggedAt = loggedAt
  }
}
