import CIMCore
import CIMProtos

/// What a message's content must be.
struct MessageRules: Sendable, Hashable {
  /// How many properties a message may have.
  static let maxProperties = 16
  /// How many bytes they may have, keys and values together.
  static let maxPropertyBytes = 4096

  /// How many bytes a text may have in UTF-8, and any other content in all its fields.
  var maxTextBytes: Int

  /// Why that content is not accepted; nil when it is. The detail begins with the field.
  func refusal(of content: CimV1.Content?) -> Refusal? {
    let detail =
      switch content?.kind {
      case .text(let text): problem(of: text.utf8.count, "content.text")
      case .data(let data): problem(of: data.count, "content.data")
      case .image(let image): problem(of: image, .image)
      case .file(let file): problem(of: file, .file)
      case .membership:
        "content.membership is written by the service alone: call Route.JoinGroup or Route.LeaveGroup."
      case nil:
        "content.kind is missing, or one that this service does not know: set text, data, image or file."
      }
    let disguise =
      content?.member.map { _ in
        "content.member is set: only the service says whom a membership change concerns."
      }
    return (detail ?? disguise ?? problem(of: content?.properties ?? [:])).map { Refusal(.invalid, $0) }
  }

  private func problem(of bytes: Int, _ field: String) -> String? {
    guard bytes > 0 else { return "\(field) is empty: it needs 1 to \(maxTextBytes) bytes." }
    guard bytes <= maxTextBytes else {
      return "\(field) has \(bytes) bytes: at most \(maxTextBytes) are accepted; send it in parts."
    }
    return nil
  }

  private func problem(of attachment: CimV1.Attachment, _ kind: Attachment.Kind) -> String? {
    do throws(InvalidAttachment) {
      _ = try Attachment(kind, attachment)
    } catch {
      return "content.\(kind.rawValue).\(error)."
    }
    guard attachment.byteCount <= maxTextBytes else {
      return
        "content.\(kind.rawValue) has \(attachment.byteCount) bytes in all its fields: at most \(maxTextBytes) are accepted."
    }
    return nil
  }

  private func problem(of properties: [String: String]) -> String? {
    guard properties.count <= Self.maxProperties else {
      return "content.properties has \(properties.count) entries: at most \(Self.maxProperties) are accepted."
    }
    let bytes = properties.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= Self.maxPropertyBytes else {
      return "content.properties has \(bytes) bytes: at most \(Self.maxPropertyBytes) are accepted."
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
