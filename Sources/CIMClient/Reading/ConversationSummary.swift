import CIMCore
import CIMProtos

/// A conversation of the user's, as a list shows it.
public struct ConversationSummary: Hashable, Sendable {
  /// Which: a private one, or a group.
  public let conversation: Conversation

  /// The other one in a private conversation; `nil` of a group.
  public let peer: Account?

  /// Its last entry.
  public let last: LogPosition

  /// When that was logged, by the store's clock.
  public let lastLoggedAt: Timestamp

  /// The last entry, a text cut to at most 256 bytes and without properties. `nil` when the log does not keep it any more, or
  /// this version can't show it.
  public let preview: HistoryPage.Entry?

  /// Up to where the user has seen it: the later of the user's read mark and the user's own last entry there. `nil` when there
  /// is neither.
  public let read: LogPosition?

  /// How many entries stand behind that; in a group, behind the user's joining at the earliest. Others' joining and leaving
  /// counts, and so does what is too old to be kept.
  public let unread: UInt64

  /// Describes a conversation.
  public init(
    conversation: Conversation, peer: Account?, last: LogPosition, lastLoggedAt: Timestamp,
    preview: HistoryPage.Entry?, read: LogPosition?, unread: UInt64
  ) {
    self.conversation = conversation
    self.peer = peer
    self.last = last
    self.lastLoggedAt = lastLoggedAt
    self.preview = preview
    self.read = read
    self.unread = unread
  }
}

extension ConversationSummary {
  /// `nil` for one that this version does not know.
  init?(_ summary: CimV1.ConversationSummary) {
    guard let conversation = try? Conversation(summary.conversation),
      let last = summary.last.flatMap(LogPosition.init(nonzero:))
    else { return nil }
    self.init(
      conversation: conversation, peer: Account(summary.peer), last: last,
      lastLoggedAt: Timestamp(milliseconds: UInt64(max(0, summary.lastLoggedAtMs))),
      preview: summary.preview.flatMap(HistoryPage.Entry.init),
      read: summary.read.flatMap(LogPosition.init(nonzero:)), unread: summary.unread)
  }
}
