import CIMClient
import CIMCore

/// What was read, by whom, and whom the user does not want to hear.
extension RequestRunner {
  func performOnReading(_ request: ChatRequest) async throws(ClientError) {
    await self.waitForAnswers()
    let client = self.parts.client
    switch request {
    case .markRead(let destination): try await self.markRead(destination)
    case .conversations(let count, let isUnreadOnly):
      var conversations = try await client.conversations(limit: isUnreadOnly ? .max : count)
      if isUnreadOnly { conversations.removeAll { $0.unread == 0 } }
      self.parts.acquaintances.note(conversations.compactMap(\.peer))
      self.show(.listing(.conversations(conversations, isUnreadOnly: isUnreadOnly, me: self.parts.me)))
    case .readers(let destination):
      let conversation = try self.conversation(destination)
      let readers = try await client.readers(of: conversation)
      self.parts.acquaintances.note(readers.map(\.user))
      self.show(.listing(.readers(readers, of: conversation, me: self.parts.me)))
    case .block(let user): self.show(.done(.blocked(user, isNew: try await client.block(user))))
    case .unblock(let user): self.show(.done(.unblocked(user, isNew: try await client.unblock(user))))
    default:
      let users = try await client.blockedUsers()
      self.parts.acquaintances.note(users)
      self.show(.listing(.blocked(users, me: self.parts.me)))
    }
  }

  /// Marks as read what was shown; of a conversation that is named and of which nothing was, all that there is.
  private func markRead(_ destination: Destination?) async throws(ClientError) {
    let shown = self.parts.seen.all
    var places = shown
    if let destination {
      let conversation = try self.conversation(destination)
      var place = shown[conversation]
      if place == nil {
        place = try await self.parts.client.history(of: conversation, limit: 1).entries.last?.position
      }
      places = [:]
      places[conversation] = place
    }
    for (conversation, position) in places { self.parts.client.markRead(conversation, upTo: position) }
    self.show(.done(.markedRead(places.keys.sorted { "\($0)" < "\($1)" })))
  }

  private func conversation(_ destination: Destination) throws(ClientError) -> Conversation {
    guard let me = self.parts.me else {
      throw ClientError(.unavailable, "not connected yet: ask again when the client is ready")
    }
    return destination.conversation(from: me.id)
  }
}
