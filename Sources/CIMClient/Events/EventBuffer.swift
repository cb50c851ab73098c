import DequeModule

/// Events that wait to be taken.
struct EventBuffer {
  private var events: Deque<ChatClient.Event> = []

  /// How many of them were received: messages and the like.
  private(set) var received = 0

  var isEmpty: Bool { self.events.isEmpty }

  mutating func append(_ event: ChatClient.Event) {
    if event.isReceived { self.received += 1 }
    self.events.append(event)
  }

  /// Takes the oldest event.
  mutating func popFirst() -> ChatClient.Event? {
    guard let event = self.events.popFirst() else { return nil }
    if event.isReceived { self.received -= 1 }
    return event
  }
}

extension ChatClient.Event {
  /// Whether it stands in a conversation's log, and so is stored before it is told.
  var isReceived: Bool {
    switch self {
    case .message, .membership, .reset: true
    case .state, .moved, .sendAccepted, .sendDelivered, .sendRefused, .kicked: false
    }
  }
}
