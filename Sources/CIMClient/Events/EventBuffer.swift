import DequeModule

/// Events that wait to be taken. Messages are bounded; what is dropped is counted, and reported at the place where it is
/// missing.
struct EventBuffer {
  typealias Event = ChatClient.Event

  private let limit: Int
  private var events: Deque<Event> = []
  private var messages = 0
  private var missed = 0

  /// Creates a buffer for at most `limit` messages; other events are few and always kept.
  init(limit: Int) {
    self.limit = limit
  }

  mutating func append(_ event: Event) {
    if case .message = event {
      guard self.messages < self.limit else {
        self.missed += 1
        return
      }
      self.messages += 1
    }
    self.appendMissed()
    self.events.append(event)
  }

  /// Takes the oldest event.
  mutating func popFirst() -> Event? {
    if self.events.isEmpty { self.appendMissed() }
    guard let event = self.events.popFirst() else { return nil }
    if case .message = event { self.messages -= 1 }
    return event
  }

  private mutating func appendMissed() {
    guard self.missed > 0 else { return }
    self.events.append(.missed(self.missed))
    self.missed = 0
  }
}
