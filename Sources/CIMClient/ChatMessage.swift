import CIMCore

/// A message as it stands in its conversation's log.
public struct ChatMessage: Hashable, Sendable {
  /// Where it was said.
  public let conversation: Conversation

  /// Its place in the conversation's log. Places grow; those of two conversations can't be compared.
  public let position: LogPosition

  /// Who said it.
  public let sender: Account

  /// When it was logged, by the store's clock.
  public let loggedAt: Timestamp

  /// What it says.
  public let content: MessageContent

  /// What it says, as a text for people: `content.description`. It is as the sender wrote it: a program that prints it must take care
  /// of control characters.
  public var text: String { self.content.description }

  /// What the sending application added.
  public let properties: [String: String]

  /// Describes a message.
  public init(
    conversation: Conversation, position: LogPosition, sender: Account, loggedAt: Timestamp,
    content: MessageContent, properties: [String: String] = [:]
  ) {
    self.conversation = conversation
    self.position = position
    self.sender = sender
    self.loggedAt = loggedAt
    self.content = content
    self.properties = properties
  }

  /// Describes a text.
  public init(
    conversation: Conversation, position: LogPosition, sender: Account, loggedAt: Timestamp, text: String,
    properties: [String: String] = [:]
  ) {
    self.init(
      conversation: conversation, position: position, sender: sender, loggedAt: loggedAt,
      content: .text(text), properties: properties)
  }
}
