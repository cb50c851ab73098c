import CIMCore

/// A conversation of one user, and how much of it the user has not seen.
struct ConversationLine: Hashable, Sendable {
  let place: ConversationPlace
  /// Its last entry.
  let last: LogPosition
  /// Up to where the user has seen it; nil when that is not known.
  let seen: LogPosition?
  /// How many entries stand behind that, and behind the user's joining.
  let unread: UInt64

  /// - Parameters:
  ///   - end: where the log ends, with the user's own last entry.
  ///   - read: the user's read mark.
  ///   - joined: where the user joined a group.
  init(
    _ conversation: Conversation, of user: UserID, end: LogEnd, read: LogPosition?, joined: LogPosition?
  ) {
    let seen = end.seen(by: user, read: read)
    place = ConversationPlace(loggedAt: end.loggedAt, conversation: conversation)
    last = end.position
    self.seen = seen.seq > 0 ? seen : nil
    unread = end.count(after: max(seen, joined ?? .beginning))
  }
}
