/// A group as one of its members sees it.
public struct GroupInfo: Hashable, Sendable {
  /// Who owns it.
  public let owner: UserID

  /// How many members it has, at least 1.
  public let memberCount: Int

  /// Where in its log the member joined.
  public let joined: LogPosition

  /// Whether the member is muted.
  public let isMuted: Bool

  /// Describes a group.
  public init(owner: UserID, memberCount: Int, joined: LogPosition, isMuted: Bool) {
    self.owner = owner
    self.memberCount = memberCount
    self.joined = joined
    self.isMuted = isMuted
  }
}
