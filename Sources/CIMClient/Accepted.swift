import CIMCore

/// A message is in its conversation's log.
public struct Accepted: Hashable, Sendable {
  /// Which conversation.
  public let conversation: Conversation

  /// Its place.
  public let position: LogPosition

  /// When it was logged, by the store's clock.
  public let loggedAt: Timestamp

  /// Whether it had been accepted before, and only the answer was lost.
  public let isDuplicate: Bool

  /// Describes an accepted message.
  public init(conversation: Conversation, position: LogPosition, loggedAt: Timestamp, isDuplicate: Bool) {
    self.conversation = conversation
    self.position = position
    self.loggedAt = loggedAt
    self.isDuplicate = isDuplicate
  }
}

/// Names a message of `ChatClient.post` until its result comes; unique within a client.
public struct SendTicket: Hashable, Sendable {
  let number: UInt64
}
