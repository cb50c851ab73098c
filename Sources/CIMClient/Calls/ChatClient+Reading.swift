import CIMCore
import CIMProtos

extension ChatClient {
  /// Says that the user has read a conversation up to a place: on all devices, and for those who wrote what was read.
  ///
  /// It never goes back, and it goes to the service within 200 ms, so mark as often as you like. While there is no connection it
  /// waits for the next one; what is not confirmed when the client ends is lost. `Event.read` tells when the service has it.
  public func markRead(_ conversation: Conversation, upTo position: LogPosition) {
    self.loop.post(.markRead(conversation, upTo: position))
  }

  /// Who else has got, and who has read, a private conversation or a small group, by ascending id: what receipts tell as it happens, at
  /// any time.
  ///
  /// - Parameter position: Only those who have got everything up to this place; `nil`: all others.
  /// - Throws: `ClientError`, with the code `denied` when the user has no part in the conversation, and `refused` when it is the
  ///   lobby or too large a group.
  public func readers(
    of conversation: Conversation, upTo position: LogPosition? = nil
  ) async throws(ClientError) -> [Reader] {
    try await self.pages("asking who has read what") { route, options, size, token in
      let response = try await route.listReaders(
        CimV1.ListReadersRequest(
          conversation: "\(conversation)", position: position.map { CimV1.LogPosition($0) }, pageSize: size,
          pageToken: token), options: options)
      return (response.readers.compactMap { Reader($0) }, response.nextPageToken)
    }
  }

  /// The user's private conversations and groups, the one in which something was said last first, each with how much of it is
  /// unread.
  ///
  /// - Parameter limit: How many are enough; all by default.
  public func conversations(limit: Int = .max) async throws(ClientError) -> [ConversationSummary] {
    try await self.pages("listing the conversations", limit: limit) { route, options, size, token in
      let response = try await route.listConversations(
        CimV1.ListConversationsRequest(pageSize: min(size, 100), pageToken: token), options: options)
      return (response.conversations.compactMap { ConversationSummary($0) }, response.nextPageToken)
    }
  }
}
