import NIOCore

/// A message as it stands in its conversation's log.
public struct LogEntry: Hashable, Sendable {
  /// Which conversation.
  public let conversation: Conversation

  /// Its place.
  public let position: LogPosition

  /// The place of the entry before it, whether that is still stored or not; `nil` for the first of all.
  public let previous: LogPosition?

  /// Who said it, under the name of that time.
  public let sender: Account

  /// When it was logged, by the store's clock.
  public let loggedAt: Timestamp

  /// The sender's number for it; `nil` when it was sent without one.
  public let sendID: SendID?

  /// What it says, encoded by the caller: the log does not look inside.
  public let content: ByteBuffer

  /// Describes an entry.
  public init(
    conversation: Conversation, position: LogPosition, previous: LogPosition?, sender: Account,
    loggedAt: Timestamp, sendID: SendID?, content: ByteBuffer
  ) {
    self.conversation = conversation
    self.position = position
    self.previous = previous
    self.sender = sender
    self.loggedAt = loggedAt
    self.sendID = sendID
    self.content = content
  }
}
