import CIMCore
import CIMProtos

/// A part of a conversation's log.
public struct HistoryPage: Hashable, Sendable {
  /// What stands in a log.
  public enum Entry: Hashable, Sendable {
    /// Somebody said something.
    case message(ChatMessage)
    /// Somebody joined or left the group.
    case membership(MembershipEntry)

    /// Its place in the log.
    public var position: LogPosition {
      switch self {
      case .message(let message): message.position
      case .membership(let entry): entry.position
      }
    }
  }

  /// In the log's order, oldest first; without what this version does not know.
  public let entries: [Entry]

  /// Where to go on for what is older: the page's first place. `nil` when nothing is.
  public let older: LogPosition?

  /// Where to go on for what is newer: the page's last place. `nil` when nothing was as the page was read.
  public let newer: LogPosition?

  /// Describes a page.
  public init(entries: [Entry], older: LogPosition?, newer: LogPosition? = nil) {
    self.entries = entries
    self.older = older
    self.newer = newer
  }
}

extension ChatClient {
  /// Reads a conversation's log, the newest page first. What is read counts neither as received nor as shown.
  ///
  /// - Parameters:
  ///   - conversation: The lobby, a private conversation of the user, or a group of which the user is a member: what was said
  ///     before the user joined is not for them.
  ///   - position: Only what stands before this place; `nil`: from the end.
  ///   - limit: How many entries at most, 1 to 200; a page of long messages has fewer.
  /// - Throws: `ClientError`, with the code `denied` when the user has no part in the conversation.
  public func history(
    of conversation: Conversation, before position: LogPosition? = nil, limit: Int = 50
  ) async throws(ClientError) -> HistoryPage {
    let response = try await self.history(
      CimV1.HistoryRequest(
        conversation: "\(conversation)", before: position.map { CimV1.LogPosition($0) },
        pageSize: UInt32(max(1, min(200, limit)))))
    return HistoryPage(
      entries: response.messages.compactMap(HistoryPage.Entry.init),
      older: response.more ? response.messages.first?.place : nil,
      newer: position == nil ? nil : response.messages.last?.place)
  }

  /// Reads a conversation's log forward. What is read counts neither as received nor as shown.
  ///
  /// - Parameters:
  ///   - conversation: The lobby, a private conversation of the user, or a group of which the user is a member.
  ///   - position: Only what stands after this place; `.beginning`: from the first entry that is still stored, of a group from
  ///     the user's joining.
  ///   - limit: How many entries at most, 1 to 200; a page of long messages has fewer.
  /// - Throws: `ClientError`, with the code `denied` when the user has no part in the conversation.
  public func history(
    of conversation: Conversation, after position: LogPosition, limit: Int = 50
  ) async throws(ClientError) -> HistoryPage {
    let response = try await self.history(
      CimV1.HistoryRequest(
        conversation: "\(conversation)", pageSize: UInt32(max(1, min(200, limit))),
        after: CimV1.LogPosition(position)))
    let first = response.messages.first
    return HistoryPage(
      entries: response.messages.compactMap(HistoryPage.Entry.init),
      older: first?.previous == nil ? nil : first?.place,
      newer: response.more ? response.messages.last?.place : nil)
  }

  private func history(
    _ request: CimV1.HistoryRequest
  ) async throws(ClientError) -> CimV1.HistoryResponse {
    try await self.call("reading what was said") { route, options in
      try await route.history(request, options: options)
    }
  }
}

extension CimV1.Message {
  fileprivate var place: LogPosition? { self.position.flatMap(LogPosition.init(nonzero:)) }
}

extension HistoryPage.Entry {
  /// `nil` for what this version does not know.
  init?(_ message: CimV1.Message) {
    if let message = ChatMessage(message) {
      self = .message(message)
    } else if let entry = MembershipEntry(message) {
      self = .membership(entry)
    } else {
      return nil
    }
  }
}
