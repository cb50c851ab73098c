import CIMCore

/// Somebody has joined or left a group, as it stands in the group's log: a member sees what lies between the two.
public struct MembershipEntry: Hashable, Sendable {
  /// What became of the membership.
  public enum Change: String, Hashable, Sendable {
    /// What follows in the log is for the member, too.
    case joined
    /// What follows in the log is not for the member any more.
    case left
  }

  /// The group.
  public let conversation: Conversation

  /// The entry's place in the group's log.
  public let position: LogPosition

  /// Who it is about.
  public let member: Account

  /// What became of the membership.
  public let change: Change

  /// When it was logged, by the store's clock.
  public let loggedAt: Timestamp

  /// Describes an entry.
  public init(
    conversation: Conversation, position: LogPosition, member: Account, change: Change, loggedAt: Timestamp
  ) {
    self.conversation = conversation
    self.position = position
    self.member = member
    self.change = change
    self.loggedAt = loggedAt
  }
}
