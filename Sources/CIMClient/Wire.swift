import CIMCore
import CIMProtos

// Between what travels and what this library speaks of. Whatever comes from a peer may be missing or malformed.

extension LogPosition {
  init(_ position: CimV1.LogPosition) {
    self.init(epoch: position.epoch, seq: position.seq)
  }
}

extension CimV1.LogPosition {
  init(_ position: LogPosition) {
    self.init(epoch: position.epoch, seq: position.seq)
  }
}

extension Account {
  /// `nil` when the name is not valid.
  init?(_ user: CimV1.User?) {
    guard let user, let name = try? UserName(user.name) else { return nil }
    self.init(id: UserID(user.id), name: name)
  }
}

extension ChatMessage {
  /// `nil` for a message that this version can't show: without a place, a sender or a text.
  init?(_ message: CimV1.Message) {
    guard let conversation = try? Conversation(message.conversation), let position = message.position,
      let sender = Account(message.sender), case .text(let text)? = message.content?.kind
    else { return nil }
    self.init(
      conversation: conversation, position: LogPosition(position), sender: sender,
      loggedAt: Timestamp(milliseconds: UInt64(max(0, message.loggedAtMs))), text: text,
      properties: message.content?.properties ?? [:])
  }
}

extension ChatClient.KickReason {
  init(_ reason: CimV1.KickReason) {
    self =
      switch reason {
      case .replaced: .replaced
      case .loggedOut: .loggedOut
      case .idle: .idle
      case .tooSlow: .tooSlow
      default: .other(reason.rawValue)
      }
  }
}
