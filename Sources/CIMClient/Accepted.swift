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

  /// The level that is known to be reached: less than what was asked for when replicas are short, or when the service does not
  /// remember any more whether the message was delivered.
  public internal(set) var reached: AckLevel

  /// Describes an accepted message.
  public init(
    conversation: Conversation, position: LogPosition, loggedAt: Timestamp, isDuplicate: Bool,
    reached: AckLevel = .logged
  ) {
    self.conversation = conversation
    self.position = position
    self.loggedAt = loggedAt
    self.isDuplicate = isDuplicate
    self.reached = reached
  }
}
