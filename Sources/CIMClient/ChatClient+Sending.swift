import CIMCore

extension ChatClient {
  /// Sends a message, and waits until it is in its conversation's log, or has reached the level that is asked for.
  ///
  /// A lost connection does not end the waiting: the message goes again over the next one.
  ///
  /// - Parameters:
  ///   - content: What it says.
  ///   - destination: Where it goes.
  ///   - properties: For applications: at most 16 entries and 4 KiB in all. They travel with the message.
  ///   - level: What to wait for. `delivered`, for private messages only, can take as long as its receiver is away; cancel the
  ///     task to wait no longer.
  /// - Returns: its place; `Accepted.reached` says which level is known to be reached.
  /// - Throws: `SendError` when it was not accepted or that is not known; `CancellationError` when the task is
  ///   cancelled: the message is on its way all the same.
  @discardableResult
  public func send(
    _ content: MessageContent, to destination: Destination, properties: [String: String] = [:],
    level: AckLevel = .logged
  ) async throws -> Accepted {
    let ticket = SendTicket.random()
    let draft = Draft(content: content, properties: properties, level: level)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        self.loop.post(.send(draft, to: destination, ticket: ticket, answer: continuation))
        // A task that was cancelled before has abandoned a message that was not known yet.
        if Task.isCancelled { self.loop.post(.abandon(ticket)) }
      }
    } onCancel: {
      self.loop.post(.abandon(ticket))
    }
  }

  /// Sends a text, and waits, as `send` of a `MessageContent` does.
  ///
  /// - Parameter text: 1 byte to the service's limit in UTF-8, 64 KiB by default.
  @discardableResult
  public func send(
    _ text: String, to destination: Destination, properties: [String: String] = [:], level: AckLevel = .logged
  ) async throws -> Accepted {
    try await self.send(.text(text), to: destination, properties: properties, level: level)
  }

  /// Sends a message without waiting. What becomes of it comes as an event: `sendAccepted` or `sendRefused`, and `sendDelivered`.
  ///
  /// Several that are posted one after the other to a conversation stand in its log in that order; one that is refused stops none.
  ///
  /// - Parameters:
  ///   - content: What it says.
  ///   - destination: Where it goes.
  ///   - properties: For applications: at most 16 entries and 4 KiB in all. They travel with the message.
  ///   - level: What the events tell of. `delivered` is for private messages only.
  /// - Returns: what names the message in its events.
  @discardableResult
  public func post(
    _ content: MessageContent, to destination: Destination, properties: [String: String] = [:],
    level: AckLevel = .logged
  ) -> SendTicket {
    let ticket = SendTicket.random()
    let draft = Draft(content: content, properties: properties, level: level)
    self.loop.post(.send(draft, to: destination, ticket: ticket, answer: nil))
    return ticket
  }

  /// Sends a text without waiting, as `post` of a `MessageContent` does.
  ///
  /// - Parameter text: 1 byte to the service's limit in UTF-8, 64 KiB by default.
  @discardableResult
  public func post(
    _ text: String, to destination: Destination, properties: [String: String] = [:], level: AckLevel = .logged
  ) -> SendTicket {
    self.post(.text(text), to: destination, properties: properties, level: level)
  }
}
