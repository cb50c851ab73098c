import CIMCore
import DequeModule

/// Events that wait to be taken.
struct EventBuffer {
  /// What a later event says better than one that waits.
  private enum Topic: Hashable {
    case receipt(Conversation, UserID, Receipt.Kind)
    case read(Conversation)

    init?(_ event: ChatClient.Event) {
      switch event {
      case .receipt(let receipt): self = .receipt(receipt.conversation, receipt.reader.id, receipt.kind)
      case .read(let conversation, _): self = .read(conversation)
      default: return nil
      }
    }
  }

  private var events: Deque<ChatClient.Event> = []
  /// How many events were taken, and the numbers of those that wait and have a topic.
  private var taken = 0
  private var topics: [Topic: Int] = [:]

  /// How many of them were received: messages and the like.
  private(set) var received = 0

  var isEmpty: Bool { self.events.isEmpty }

  mutating func append(_ event: ChatClient.Event) {
    if let topic = Topic(event) {
      if let number = self.topics[topic] {
        self.events[number - self.taken] = event
        return
      }
      self.topics[topic] = self.taken + self.events.count
    }
    if event.isReceived { self.received += 1 }
    self.events.append(event)
  }

  /// Takes the oldest event.
  mutating func popFirst() -> ChatClient.Event? {
    guard let event = self.events.popFirst() else { return nil }
    self.taken += 1
    if event.isReceived { self.received -= 1 }
    if let topic = Topic(event) { self.topics[topic] = nil }
    return event
  }
}

extension ChatClient.Event {
  /// Whether it stands in a conversation's log, and so is stored before it is told.
  var isReceived: Bool {
    switch self {
    case .message, .membership, .reset: true
    case .state, .moved, .sendAccepted, .sendDelivered, .sendRefused, .kicked, .receipt, .read: false
    }
  }
}
