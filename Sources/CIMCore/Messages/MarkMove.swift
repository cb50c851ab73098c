/// A user's mark in a conversation has moved forward.
public struct MarkMove: Hashable, Sendable {
  /// Whose mark.
  public let user: UserID

  /// Which conversation.
  public let conversation: Conversation

  /// Where it was; `nil` when there was none.
  public let previous: LogPosition?

  /// Where it is now, after `previous`.
  public let position: LogPosition

  /// Describes a move.
  public init(
    of user: UserID, in conversation: Conversation, from previous: LogPosition?, to position: LogPosition
  ) {
    self.user = user
    self.conversation = conversation
    self.previous = previous
    self.position = position
  }
}
