import CIMCore
import CIMProtos

/// What is received: stored, then shown, then acknowledged.
extension SessionStateMachine {
  /// Whether so much waits for the application that nothing more is read.
  var isReadingPaused: Bool { self.inbox.count >= self.settings.limits.unreadMessages }

  /// Takes what waits, as far as the application has room.
  mutating func deliver(now: Instant) -> [Action] {
    guard !self.hasEnded else { return [] }
    if self.isReadingPaused, case .ready(var heartbeat) = self.phase {
      heartbeat.received(now: now)
      self.phase = .ready(heartbeat)
    }
    var actions: [Action] = []
    while let entry = self.inbox.next(
      hasRoom: self.room > 0, user: self.account?.id, isOwn: self.isOwn)
    {
      switch entry {
      case .malformed: break
      case .double: self.synchronizeSoon(now: now)
      case .passed(let change, _): self.note(change, now: now)
      case .shown(let change, let event):
        self.note(change, now: now)
        self.room -= 1
        actions.append(.emit(event))
      }
    }
    return actions
  }

  private func isOwn(_ message: CimV1.Message) -> Bool {
    // Others can use any producer's name.
    guard let account, message.sender?.id == account.id.rawValue, let id = message.sendID else {
      return false
    }
    return id.producer.hasPrefix(self.producerPrefix)
  }

  /// Something is stored, or to be acknowledged.
  mutating func synchronizeSoon(now: Instant) {
    self.synchronizeAt = self.synchronizeAt ?? now + Self.synchronizationDelay
  }

  mutating func synchronize(now: Instant) -> [Action] {
    guard self.synchronizing == nil, let synchronizeAt, now >= synchronizeAt else { return [] }
    self.synchronizeAt = nil
    self.synchronizing = self.openAttempt == nil ? [] : self.takeAcknowledgement()
    return [.synchronize]
  }

  mutating func takeAcknowledgement() -> [CimV1.Cursor] {
    self.inbox.takeUnacknowledged().map { CimV1.Cursor($0.key, $0.value) }
  }

  /// The disk has what was stored when `synchronize` was asked for.
  mutating func synchronized(now: Instant) -> [Action] {
    let cursors = self.synchronizing.take() ?? []
    // Without that connection, the next one's first acknowledgement has these, too.
    guard !cursors.isEmpty, let openAttempt else { return [] }
    self.noteSent(now: now)
    return [.transmit(.ack(CimV1.Ack(cursors: cursors)), attempt: openAttempt)]
  }

  mutating func noteSent(now: Instant) {
    guard case .ready(var heartbeat) = self.phase else { return }
    heartbeat.sent(now: now)
    self.phase = .ready(heartbeat)
  }

  /// The storage has failed: whatever was to be stored is not, and nothing more can be promised.
  mutating func storageFailed(_ error: ClientError, now: Instant) -> [Action] {
    self.hasEnded ? [] : self.end(.failed(error), now: now)
  }
}
