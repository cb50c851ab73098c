import CIMCore

/// One change of what a client must know after a restart.
///
/// Its text (`description`, and `init(_:)` for the way back) is one line without control characters, for storages that keep text:
/// the change's name and its fields, separated by single spaces, in which spaces, control characters, `%` and `=` are written as
/// `%` and two hexadecimal digits. Lines of earlier versions can be read; a line with a content that an earlier version does not
/// know is no change to it.
public enum ClientChange: Hashable, Sendable {
  /// The storage's first use: the device from now on, and what the ids of its producers begin with.
  case device(DeviceID, producerPrefix: String)

  /// The first login: whose device it is.
  case account(Account)

  /// A message was received, and its conversation up to it.
  case message(ChatMessage)

  /// Somebody joined or left a group; the group was received up to there.
  case membership(MembershipEntry)

  /// A conversation was received up to a place at which stands nothing to show: a message of this client, something of a kind
  /// that is not known, or the end of what is missing. `nil`: nothing of it is left that could have been received.
  case cursor(Conversation, LogPosition?)

  /// A message is to be sent.
  case enqueued(UnsentMessage)

  /// A message is about to be sent for the first time: from here on it may be in the log.
  case attempted(SendTicket)

  /// A message that is not in the log goes under another number.
  case renumbered(SendTicket, SendID)

  /// A message is in the log, and its sender waits until it is delivered.
  case accepted(SendTicket, Accepted)

  /// A message has its last answer, and goes no more.
  case resolved(SendTicket, Result<Accepted, SendError>)
}

/// A message that was sent and has no last answer yet.
public struct UnsentMessage: Hashable, Sendable {
  /// Names the message for the application.
  public let ticket: SendTicket

  /// Its number. Whatever happens, it goes under this one, so that it is logged once.
  public internal(set) var id: SendID

  /// What it says.
  public let content: MessageContent

  /// What it says, as a text for people: `content.description`.
  public var text: String { self.content.description }

  /// What the application added.
  public let properties: [String: String]

  /// What its sender waits for.
  public internal(set) var level: AckLevel

  /// Whether it was sent before, and so may be in the log.
  public internal(set) var isAttempted: Bool

  /// Its place in the log, while its sender waits until it is delivered.
  public internal(set) var accepted: Accepted?

  /// Describes a message.
  public init(
    ticket: SendTicket, id: SendID, content: MessageContent, properties: [String: String] = [:],
    level: AckLevel = .logged,
    isAttempted: Bool = false, accepted: Accepted? = nil
  ) {
    self.ticket = ticket
    self.id = id
    self.content = content
    self.properties = properties
    self.level = level
    self.isAttempted = isAttempted
    self.accepted = accepted
  }

  /// Describes a text.
  public init(
    ticket: SendTicket, id: SendID, text: String, properties: [String: String] = [:],
    level: AckLevel = .logged, isAttempted: Bool = false, accepted: Accepted? = nil
  ) {
    self.init(
      ticket: ticket, id: id, content: .text(text), properties: properties, level: level,
      isAttempted: isAttempted, accepted: accepted)
  }
}
