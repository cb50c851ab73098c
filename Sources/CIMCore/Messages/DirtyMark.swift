/// A note that a conversation may hold something that a user has not got yet.
public struct DirtyMark: Hashable, Sendable {
  /// Which conversation.
  public let conversation: Conversation

  /// When the mark was last set, by the store's clock; at least 1 ms after the mark that it replaced, so that two marks
  /// are never taken for one.
  public let markedAt: Timestamp

  /// Whether the mark's lease was over when it was read: nothing will be appended under this mark any more.
  public let isPastLease: Bool

  /// Describes a mark.
  public init(conversation: Conversation, markedAt: Timestamp, isPastLease: Bool) {
    self.conversation = conversation
    self.markedAt = markedAt
    self.isPastLease = isPastLease
  }
}
