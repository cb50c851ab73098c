import CIMCore
import CIMProtos

/// What the user has read, and what others have of what the user said.
extension SessionStateMachine {
  /// The user has read a conversation up to a place.
  mutating func markRead(_ conversation: Conversation, upTo position: LogPosition, now: Instant) -> [Action] {
    guard !self.hasEnded, self.reads.mark(conversation, upTo: position) else { return [] }
    self.readAt = self.readAt ?? now + Self.synchronizationDelay
    return []
  }

  /// Sends what the service has not been told yet.
  ///
  /// - Parameter isLast: whether to do it before its time.
  mutating func flushReads(now: Instant, isLast: Bool = false) -> [Action] {
    guard let openAttempt, self.reads.hasUnsent, isLast || self.readAt.map({ now >= $0 }) ?? true else {
      return []
    }
    self.readAt = nil
    self.noteSent(now: now)
    return self.reads.takeUnsent().map { .transmit(.read($0), attempt: openAttempt) }
  }

  /// What was not confirmed over another connection goes over this one.
  mutating func repeatReads(now: Instant) -> [Action] {
    self.reads.connectionOpened()
    return self.flushReads(now: now, isLast: true)
  }

  func received(_ receipt: CimV1.Receipt) -> [Action] {
    Receipt(receipt).map { [.emit(.receipt($0))] } ?? []
  }

  mutating func received(_ marks: CimV1.ReadMarks) -> [Action] {
    self.reads.received(marks).map { .emit(.read($0.conversation, upTo: $0.position)) }
  }
}
