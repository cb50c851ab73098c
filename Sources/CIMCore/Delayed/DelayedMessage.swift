import NIOCore

/// A message that is to be sent later.
public struct DelayedMessage: Hashable, Sendable {
  /// Names it.
  public let id: DelayedID

  /// Who says it, under the name of the time when it was scheduled.
  public let sender: Account

  /// Where it goes.
  public let conversation: Conversation

  /// What it says, encoded by the caller: the store does not look inside.
  public let content: ByteBuffer

  /// Describes a message.
  public init(id: DelayedID, sender: Account, conversation: Conversation, content: ByteBuffer) {
    self.id = id
    self.sender = sender
    self.conversation = conversation
    self.content = content
  }
}

/// When a delayed message is to be sent, by the store's clock.
public enum DelayedTime: Hashable, Sendable {
  /// At that moment; at once when it has passed.
  case at(Timestamp)
  /// So many milliseconds from now on.
  case after(milliseconds: UInt64)
}
