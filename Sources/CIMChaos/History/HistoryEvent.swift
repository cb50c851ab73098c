import CIMCore

/// What happened to one client, as its history file has it.
///
/// A message is named by its text, which no other message of a run has.
public enum HistoryEvent: Codable, Hashable, Sendable {
  /// The client's process began, anew after each crash.
  case started(process: Int32)

  /// A message has its number; written before it is sent for the first time.
  case send(SentMessage)

  /// The service said that a message is in its conversation's log.
  case accepted(text: String, position: LogPosition, isDuplicate: Bool)

  /// A message was not taken. `isUncertain`: it may be in the log all the same.
  case refused(text: String, isUncertain: Bool, reason: String)

  /// A message came. The line is the client's note of how far it has the conversation, too: one can't be without the other.
  case shown(ShownMessage)

  /// What follows `after` (`nil`: from the beginning) can't be had any more, up to `until`.
  case reset(conversation: Conversation, after: LogPosition?, until: LogPosition?)

  /// Connected: messages flow.
  case online(server: String)

  /// Connected to another server, because the last one was going away; without a connection for that many milliseconds.
  case moved(server: String, away: UInt64)

  /// The client found a message that did not follow the last one it had, although it was told of nothing missing.
  case gap(count: Int)

  /// Not connected any more.
  case away(reason: String)

  /// The client gave up for good.
  case failed(reason: String)

  /// The client was closed in good order.
  case closed
}

/// A message as its sender numbered it.
public struct SentMessage: Codable, Hashable, Sendable {
  /// The sender's outbox.
  public let producer: String
  /// Where it goes.
  public let conversation: Conversation
  /// Its number among the producer's messages there.
  public let counter: UInt64
  /// What it says; unique in a run.
  public let text: String

  /// Describes a message.
  public init(producer: String, conversation: Conversation, counter: UInt64, text: String) {
    self.producer = producer
    self.conversation = conversation
    self.counter = counter
    self.text = text
  }
}

/// A message as it came to a client.
public struct ShownMessage: Codable, Hashable, Sendable {
  /// Where it was said.
  public let conversation: Conversation
  /// Its place there.
  public let position: LogPosition
  /// The place of the entry before it; `nil` for the first, or when the client does not know.
  public let previous: LogPosition?
  /// Who said it.
  public let sender: UserID
  /// What it says; `nil` for what is no text, such as somebody's joining a group.
  public let text: String?
  /// Whether the client sent it itself: such a message moves it on and is not shown to the user.
  public let isOwn: Bool

  /// Describes a message.
  public init(
    conversation: Conversation, position: LogPosition, previous: LogPosition? = nil, sender: UserID,
    text: String?,
    isOwn: Bool = false
  ) {
    self.conversation = conversation
    self.position = position
    self.previous = previous
    self.sender = sender
    self.text = text
    self.isOwn = isOwn
  }
}
