import NIOCore

extension ConversationLog {
  /// Begins the log with its first member; nil when it has begun.
  mutating func create(owner: Account, content: ByteBuffer, at moment: Moment) -> LogEntry? {
    guard self.tail == nil else { return nil }
    return self.admit(owner, content: content, at: moment)
  }

  mutating func join(_ user: Account, content: ByteBuffer, at moment: Moment) -> MembershipOutcome {
    guard self.tail != nil else { return .noGroup }
    if let joined = self.roster.members[user.id] { return .unchanged(since: joined) }
    guard self.roster.members.count < self.limits.membersPerGroup else {
      return .full(members: self.limits.membersPerGroup)
    }
    return .changed(self.admit(user, content: content, at: moment))
  }

  mutating func leave(_ user: Account, content: ByteBuffer, at moment: Moment) -> MembershipOutcome {
    guard self.tail != nil else { return .noGroup }
    guard let joined = self.roster.members[user.id] else {
      return .unchanged(since: self.roster.formerMembers[user.id]?.last?.left)
    }
    let entry = self.log(content, by: user, sendID: nil, at: moment)
    self.roster.end(user.id, joined: joined, at: entry.position)
    return .changed(entry)
  }

  mutating func change(
    _ change: MemberChange, _ member: UserID, by owner: Account, content: ByteBuffer, at moment: Moment
  ) -> MemberChangeOutcome {
    guard self.tail != nil, self.roster.members[owner.id] != nil else { return .noGroup }
    guard self.roster.owner == owner.id, member != owner.id || change == .unmute else { return .denied }
    guard let joined = self.roster.members[member] else {
      return change == .remove ? .unchanged : .notAMember
    }
    let isMuted = self.roster.muted.contains(member)
    switch change {
    case .mute where isMuted, .unmute where !isMuted: return .unchanged
    case .mute, .unmute, .remove: break
    }
    let entry = self.log(content, by: owner, sendID: nil, at: moment)
    switch change {
    case .remove: self.roster.end(member, joined: joined, at: entry.position)
    case .mute: self.roster.setMuted(true, member)
    case .unmute: self.roster.setMuted(false, member)
    }
    return .changed(entry)
  }

  private mutating func admit(_ user: Account, content: ByteBuffer, at moment: Moment) -> LogEntry {
    let entry = self.log(content, by: user, sendID: nil, at: moment)
    self.roster.admit(user.id, at: entry.position)
    return entry
  }
}
