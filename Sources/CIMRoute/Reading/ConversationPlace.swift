import CIMCore

/// A place in the list of a user's conversations: the one in which something was said last comes first, and of those of one
/// moment the one with the lower name.
struct ConversationPlace: Hashable, Sendable, Comparable, LosslessStringConvertible {
  let loggedAt: Timestamp
  let conversation: Conversation

  init(loggedAt: Timestamp, conversation: Conversation) {
    self.loggedAt = loggedAt
    self.conversation = conversation
  }

  /// Parses `<milliseconds> <conversation>`.
  init?(_ description: String) {
    let parts = description.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let milliseconds = UInt64(parts[0]), parts[0] == "\(milliseconds)",
      let conversation = try? Conversation(String(parts[1]))
    else { return nil }
    self.init(loggedAt: Timestamp(milliseconds: milliseconds), conversation: conversation)
  }

  /// `<milliseconds> <conversation>`.
  var description: String { "\(loggedAt.milliseconds) \(conversation)" }

  static func < (lhs: Self, rhs: Self) -> Bool {
    lhs.loggedAt == rhs.loggedAt
      ? lhs.conversation.description < rhs.conversation.description : lhs.loggedAt > rhs.loggedAt
  }
}
