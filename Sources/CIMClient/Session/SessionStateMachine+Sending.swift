import CIMCore
import CIMProtos

/// What the application sends.
extension SessionStateMachine {
  /// How many properties the service takes with a message, and how many bytes of keys and values together.
  private static let maxProperties = 16
  private static let maxPropertyBytes = 4096

  /// Sends a message, now or once there is a connection.
  mutating func send(_ draft: Draft, to destination: Destination, ticket: SendTicket, now: Instant)
    -> [Action]
  {
    do throws(SendError) {
      try self.enqueue(draft, to: destination, ticket: ticket)
      self.synchronizeSoon(now: now)
      return self.flush(now: now)
    } catch {
      return [.resolve(Outbox.Resolution(ticket: ticket, outcome: .refused(error)))]
    }
  }

  /// Nobody waits any more for what becomes of a message.
  mutating func abandon(_ ticket: SendTicket, now: Instant) {
    self.outbox.forgetDelivery(of: ticket)
    self.synchronizeSoon(now: now)
  }

  /// Ends as soon as every message is answered, at the latest at `deadline`.
  mutating func close(deadline: Instant, now: Instant) -> [Action] {
    guard !self.hasEnded else { return [] }
    self.closeDeadline = min(deadline, self.closeDeadline ?? deadline)
    return self.endIfDone(now: now)
  }

  /// Sends what may go now.
  mutating func flush(now: Instant) -> [Action] {
    guard let openAttempt else { return [] }
    let sends = self.outbox.transmissions(now: now)
    if !sends.isEmpty {
      self.noteSent(now: now)
      self.synchronizeSoon(now: now)
    }
    return sends.map { .transmit(.send($0), attempt: openAttempt) }
  }

  mutating func resolve(_ resolutions: [Outbox.Resolution], now: Instant) -> [Action] {
    if !resolutions.isEmpty { self.synchronizeSoon(now: now) }
    return resolutions.map(Action.resolve)
  }

  private mutating func enqueue(
    _ draft: Draft, to destination: Destination, ticket: SendTicket
  ) throws(SendError) {
    guard !self.hasEnded, self.closeDeadline == nil else {
      throw SendError(.closed, "the client is closed: make a new one")
    }
    guard let account = self.account else {
      throw SendError(.notConnected, "not connected yet: send again when the client is ready")
    }
    try self.check(draft.content)
    try Self.check(draft.properties)
    let conversation = destination.conversation(from: account.id)
    if draft.level == .delivered {
      guard case .direct = conversation else {
        throw SendError(.invalid, "only a private message has one receiver to whom it is delivered")
      }
    }
    try self.outbox.enqueue(draft, to: conversation, ticket: ticket, using: &self.random)
  }

  /// An attachment is valid, whoever made it; how long it may be is the service's to say.
  private func check(_ content: MessageContent) throws(SendError) {
    let bytes = CimV1.Content.Kind(content).byteCount
    let name =
      switch content {
      case .text: "text"
      case .data: "data"
      case .attachment(let attachment): attachment.kind.rawValue
      }
    guard bytes > 0 else { throw SendError(.invalid, "the \(name) is empty") }
    guard bytes <= self.maxTextBytes else {
      throw SendError(
        .invalid, "the \(name) has \(bytes) bytes, the service takes at most \(self.maxTextBytes)")
    }
  }

  /// Too many properties are refused here: too large a frame would cost the connection, again with each transmission.
  private static func check(_ properties: [String: String]) throws(SendError) {
    guard properties.count <= Self.maxProperties else {
      throw SendError(
        .invalid, "there are \(properties.count) properties, the service takes at most \(Self.maxProperties)")
    }
    let bytes = properties.reduce(0) { $0 + $1.key.utf8.count + $1.value.utf8.count }
    guard bytes <= Self.maxPropertyBytes else {
      throw SendError(
        .invalid, "the properties have \(bytes) bytes, the service takes at most \(Self.maxPropertyBytes)")
    }
  }
}
