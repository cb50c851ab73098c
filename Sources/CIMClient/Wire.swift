import CIMCore
import CIMProtos

// Between what travels and what this library speaks of. Whatever comes from a peer may be missing or malformed.

extension LogPosition {
  /// `nil` for the place that stands for none.
  init?(nonzero position: CimV1.LogPosition) {
    guard position.seq > 0 else { return nil }
    self.init(epoch: position.epoch, seq: position.seq)
  }
}

extension CimV1.LogPosition {
  init(_ position: LogPosition) {
    self.init(epoch: position.epoch, seq: position.seq)
  }
}

extension CimV1.Cursor {
  init(_ conversation: Conversation, _ position: LogPosition) {
    self.init(conversation: "\(conversation)", position: CimV1.LogPosition(position))
  }
}

extension Account {
  /// `nil` when the name is not valid.
  init?(_ user: CimV1.User?) {
    guard let user, let name = try? UserName(user.name) else { return nil }
    self.init(id: UserID(user.id), name: name)
  }
}

extension SendID {
  /// `nil` when a part is not valid.
  init?(_ id: CimV1.SendId?) {
    guard let id, let producer = try? ProducerID(id.producer),
      let conversation = try? Conversation(id.conversation)
    else { return nil }
    self.init(producer: producer, conversation: conversation, counter: id.counter)
  }
}

extension CimV1.Send {
  init(_ message: UnsentMessage) {
    self.init(
      sendID: CimV1.SendId(
        producer: message.id.producer.rawValue, conversation: "\(message.id.conversation)",
        counter: message.id.counter),
      content: CimV1.Content(kind: CimV1.Content.Kind(message.content), properties: message.properties),
      ackLevel: message.level.wire)
  }
}

extension CimV1.Content.Kind {
  init(_ content: MessageContent) {
    self =
      switch content {
      case .text(let text): .text(text)
      case .data(let data): .data(data)
      case .attachment(let attachment):
        switch attachment.kind {
        case .image: .image(CimV1.Attachment(attachment))
        case .file: .file(CimV1.Attachment(attachment))
        }
      }
  }
}

extension MessageContent {
  /// `nil` for a kind that this version does not know or that nobody sends, and for an attachment that is not valid.
  init?(_ kind: CimV1.Content.Kind?) {
    switch kind {
    case .text(let text): self = .text(text)
    case .data(let data): self = .data(data)
    case .image(let image): self.init(.image, image)
    case .file(let file): self.init(.file, file)
    case .membership, nil: return nil
    }
  }

  private init?(_ kind: Attachment.Kind, _ wire: CimV1.Attachment) {
    guard let attachment = try? Attachment(kind, wire) else { return nil }
    self = .attachment(attachment)
  }
}

extension Accepted {
  /// `nil` without a place.
  init?(_ accepted: CimV1.Accepted, in conversation: Conversation) {
    guard let position = accepted.position.flatMap(LogPosition.init(nonzero:)) else { return nil }
    self.init(
      conversation: conversation, position: position,
      loggedAt: Timestamp(milliseconds: UInt64(max(0, accepted.loggedAtMs))), isDuplicate: accepted.duplicate,
      reached: AckLevel(accepted.reached))
  }
}

extension ChatMessage {
  /// `nil` for a message that this version can't show: without a place, a sender or a content that it knows.
  init?(_ message: CimV1.Message) {
    guard let conversation = try? Conversation(message.conversation),
      let position = message.position.flatMap(LogPosition.init(nonzero:)),
      let sender = Account(message.sender),
      let content = MessageContent(message.content?.kind)
    else { return nil }
    self.init(
      conversation: conversation, position: position, sender: sender,
      loggedAt: Timestamp(milliseconds: UInt64(max(0, message.loggedAtMs))), content: content,
      properties: message.content?.properties ?? [:])
  }
}

extension MembershipEntry {
  /// `nil` for anything else.
  init?(_ message: CimV1.Message) {
    guard let conversation = try? Conversation(message.conversation),
      let position = message.position.flatMap(LogPosition.init(nonzero:)),
      let sender = Account(message.sender),
      case .membership(let wire)? = message.content?.kind
    else { return nil }
    let change: Change
    switch wire {
    case .joined: change = .joined
    case .left: change = .left
    case .removed: change = .removed
    case .muted: change = .muted
    case .unmuted: change = .unmuted
    default: return nil
    }
    let isOwn = change == .joined || change == .left
    guard let member = isOwn ? sender : Account(message.content?.member) else { return nil }
    self.init(
      conversation: conversation, position: position, member: member, change: change, by: sender,
      loggedAt: Timestamp(milliseconds: UInt64(max(0, message.loggedAtMs))))
  }
}

extension ChatClient.KickReason {
  init(_ reason: CimV1.KickReason) {
    self =
      switch reason {
      case .replaced: .replaced
      case .replacedByDevice: .replacedByDevice
      case .loggedOut: .loggedOut
      case .endedByOperator: .endedByOperator
      case .idle: .idle
      case .lostTrack: .lostTrack
      default: .other(reason.rawValue)
      }
  }
}
