import CIMCore

/// Whom a message is for.
struct Audience {
  private let members: [UserID]
  private let groups: [Conversation: [UInt64: [Roster.Group.Stay]]]

  init(_ roster: Roster) {
    self.members = roster.members.map(\.id)
    self.groups = Dictionary(uniqueKeysWithValues: roster.groups.map { ($0.conversation, $0.stays) })
  }

  /// Everybody to whom a message at a place is owed.
  func receivers(of conversation: Conversation, at position: LogPosition, from sender: UserID) -> [UserID] {
    let all: [UserID] =
      switch conversation {
      case .lobby: self.members
      case .direct(let pair): [pair.lower, pair.higher]
      case .group: (self.groups[conversation] ?? [:]).keys.map { UserID($0) }
      }
    return all.filter { $0 != sender && self.includes($0, conversation, position) }
  }

  /// Whether a message at a place is for a user.
  func includes(_ user: UserID, _ conversation: Conversation, _ position: LogPosition) -> Bool {
    switch conversation {
    case .lobby: true
    case .direct(let pair): pair.contains(user)
    case .group: self.groups[conversation]?[user.rawValue]?.contains { $0.covers(position) } ?? false
    }
  }
}
