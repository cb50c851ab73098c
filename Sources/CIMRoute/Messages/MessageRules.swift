import CIMCore
import CIMProtos

/// What a message's content must be.
struct MessageRules: Sendable, Hashable {
  /// How many properties a message may have.
  static let maxProperties = 16
  /// How many bytes they may have, keys and values together.
  static let maxPropertyBytes = 4096

  /// The longest text, in bytes of UTF-8.
  var maxTextBytes: Int

  /// Why that content is not accepted; nil when it is.
  func refusal(of content: CimV1.Content?) -> Refusal? {
    guard case .text(let text) = content?.kind, !text.isEmpty else {
      return Refusal(.invalid, "content.text is empty: a message needs 1 to \(maxTextBytes) bytes of text.")
    }
    guard text.utf8.count <= maxTextBytes else {
      return Refusal(
        .invalid,
        "content.text has \(text.utf8.count) bytes: at most \(maxTextBytes) are accepted; send it in parts.")
    }
    let properties = content?.properties ?? [:]
    guard properties.count <= Self.maxProperties else {
      return Refusal(
        .invalid,
        "content.properties has \(properties.count) entries: at most \(Self.maxProperties) are accepted.")
    }
    let bytes = properties.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= Self.maxPropertyBytes else {
      return Refusal(
        .invalid, "content.properties has \(bytes) bytes: at most \(Self.maxPropertyBytes) are accepted.")
    }
    return nil
  }

  /// Why a message with that level is not accepted in a conversation; nil when it is.
  func refusal(of level: CimV1.AckLevel, in conversation: Conversation) -> Refusal? {
    switch level {
    case .unspecified, .logged, .replicated: nil
    case .delivered where conversation.isPrivate: nil
    case .delivered:
      Refusal(
        .invalid,
        "ack_level DELIVERED is for private messages: ask for LOGGED or REPLICATED in \(conversation).")
    default: Refusal(.invalid, "ack_level \(level.rawValue) is not known: ask for LOGGED.")
    }
  }
}
