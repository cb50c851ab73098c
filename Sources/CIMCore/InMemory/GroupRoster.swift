/// Who belongs to a group, and how.
struct GroupRoster: Sendable {
  /// Each with where it joined.
  private(set) var members: [UserID: LogPosition] = [:]

  /// Who has left, each with its last memberships that have ended.
  private(set) var formerMembers: [UserID: [Stay]] = [:]

  /// Who can't send, also those who have left since.
  private(set) var muted: Set<UserID> = []

  /// `nil` without members.
  private(set) var owner: UserID?

  mutating func admit(_ user: UserID, at position: LogPosition) {
    self.members[user] = position
    if self.owner == nil { self.owner = user }
  }

  mutating func end(_ user: UserID, joined: LogPosition, at position: LogPosition) {
    self.members[user] = nil
    let stays = self.formerMembers[user, default: []] + [Stay(joined: joined, left: position)]
    self.formerMembers[user] = stays.suffix(Stay.remembered)
    if self.owner == user { self.owner = self.members.keys.min() }
  }

  mutating func setMuted(_ isMuted: Bool, _ user: UserID) {
    if isMuted { self.muted.insert(user) } else { self.muted.remove(user) }
  }

  /// What a member is told.
  func info(for user: UserID) -> GroupInfo? {
    guard let joined = self.members[user], let owner else { return nil }
    return GroupInfo(
      owner: owner, memberCount: self.members.count, joined: joined, isMuted: self.muted.contains(user))
  }
}
