import CIMClient
import CIMCore

/// Shows what happens to the client, and keeps what is said.
struct EventReader {
  private let parts: ChatParts
  private let missed: MissedMessages
  private var story: ConnectionStory
  /// What was logged before this was missed.
  private var connectedAt: Timestamp?

  /// - Parameter greeting: Lines for the first connection, in place of the usual notice.
  init(_ parts: ChatParts, greeting: [String]?) {
    self.parts = parts
    self.missed = MissedMessages { [surface = parts.surface] in surface.show(.missed($0)) }
    self.story = ConnectionStory(greeting: greeting)
  }

  /// Shows everything until the client has ended.
  ///
  /// - Returns: whether it has failed.
  mutating func readAll() async -> Bool {
    for await event in self.parts.client.events {
      await self.parts.resume()
      await self.take(event)
      if case .state(.failed) = event { return true }
    }
    return false
  }

  /// Tells what was not told yet of what was missed.
  func flush() async {
    await self.missed.flush()
  }

  private mutating func take(_ event: ChatClient.Event) async {
    switch event {
    case .state(let state):
      if case .ready = state { self.connectedAt = self.parts.client.info.connectedAt }
      self.show(.state(state, self.parts.me, news: self.story.news(of: state, now: .now)))
    case .moved(let server, let away): self.show(.moved(to: server, away: away))
    case .message(let message): await self.take(message)
    case .membership(let entry): await self.take(entry)
    case .sendAccepted(let ticket, let accepted):
      // Kept before whoever waits for the answer looks.
      if let line = await self.parts.sent.line(ticket) {
        self.record(line, accepted)
        self.parts.seen.note(accepted.position, in: accepted.conversation)
        self.show(.accepted(line, accepted))
      }
      await self.parts.sent.accepted(ticket)
    case .sendRefused(let ticket, let error):
      self.show(.refused(await self.parts.sent.refused(ticket), error))
    case .receipt(let receipt):
      self.parts.acquaintances.note([receipt.reader])
      self.show(.receipt(receipt, me: self.parts.me))
    case .read(let conversation, let position): self.show(.read(conversation, upTo: position))
    case .kicked, .sendDelivered:
      // The state that follows a kick says why, and what now.
      break
    case .reset(let conversation, let after, let until, let next):
      self.show(.reset(conversation, after: after, until: until, next: next, me: self.parts.me))
    }
  }

  private func take(_ message: ChatMessage) async {
    // Kept before it is seen: what was seen can be found.
    self.record(message)
    self.parts.acquaintances.note([message.sender])
    self.show(.message(message))
    self.parts.seen.note(message.position, in: message.conversation)
    await self.noteIfMissed(message)
    if message.sender.id == self.parts.replier, message.conversation == .lobby {
      await self.parts.sent.replied()
    }
  }

  private func take(_ entry: MembershipEntry) async {
    self.parts.acquaintances.note([entry.member])
    if case .group(let group) = entry.conversation, entry.member == self.parts.me {
      switch entry.change {
      case .joined: self.parts.acquaintances.note([group])
      case .left, .removed: self.parts.acquaintances.forget(group)
      case .muted, .unmuted: break
      }
    }
    self.parts.seen.note(entry.position, in: entry.conversation)
    self.show(.membership(entry, isOwn: entry.by == self.parts.me))
  }

  private func noteIfMissed(_ message: ChatMessage) async {
    if let connectedAt, message.loggedAt < connectedAt { await self.missed.note(message.conversation) }
  }

  /// What the user said.
  private func record(_ line: SentLine, _ accepted: Accepted) {
    guard let me = self.parts.me else { return }
    self.record(
      ChatMessage(
        conversation: accepted.conversation, position: accepted.position, sender: me,
        loggedAt: accepted.loggedAt, text: line.text))
  }

  private func record(_ message: ChatMessage) {
    if let failure = self.parts.recorder.record(message, me: self.parts.me) {
      self.show(.failure(failure, line: nil))
    }
  }

  private func show(_ output: ChatOutput) { self.parts.surface.show(output) }
}
