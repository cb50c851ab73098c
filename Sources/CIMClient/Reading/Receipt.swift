import CIMCore
import CIMProtos

/// Somebody else has got or read all messages of a conversation up to a place.
public struct Receipt: Hashable, Sendable {
  /// What somebody has done with messages.
  public enum Kind: Hashable, Sendable {
    /// A device of the reader has stored them.
    case delivered
    /// The reader has read them.
    case read
  }

  /// The conversation.
  public let conversation: Conversation

  /// Who.
  public let reader: Account

  /// Up to where.
  public let position: LogPosition

  /// What.
  public let kind: Kind

  /// Describes a receipt.
  public init(conversation: Conversation, reader: Account, position: LogPosition, kind: Kind) {
    self.conversation = conversation
    self.reader = reader
    self.position = position
    self.kind = kind
  }
}

extension Receipt {
  /// `nil` for one that this version does not know.
  init?(_ receipt: CimV1.Receipt) {
    guard let conversation = try? Conversation(receipt.conversation), let reader = Account(receipt.reader),
      let position = receipt.position.flatMap(LogPosition.init(nonzero:))
    else { return nil }
    let kind: Kind
    switch receipt.kind {
    case .delivered: kind = .delivered
    case .read: kind = .read
    default: return nil
    }
    self.init(conversation: conversation, reader: reader, position: position, kind: kind)
  }
}
