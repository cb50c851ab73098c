import CIMCore
import DequeModule

/// Who is to be told when a private message has reached a device of its receiver.
struct DeliveryWaiters<Waiter: Sendable>: Sendable {
  private struct Entry {
    let position: LogPosition
    let receiver: UserID
    let waiter: Waiter
  }

  /// How many are kept, at least 1; past it the oldest conversations' are dropped: a message that is sent again is answered
  /// with what was reached.
  private let capacity: Int
  private var entries: [Conversation: [Entry]] = [:]
  private var order: Deque<Conversation> = []
  private(set) var count = 0

  init(capacity: Int) { self.capacity = capacity }

  /// Waits for a message's receiver.
  mutating func add(
    _ waiter: Waiter, for receiver: UserID, _ conversation: Conversation, at position: LogPosition
  ) {
    while count >= capacity, let oldest = order.popFirst() {
      count -= entries.removeValue(forKey: oldest)?.count ?? 0
    }
    if entries[conversation] == nil {
      order.append(conversation)
      // Conversations without waiters stay in the order until they are as many as there may be waiters.
      if order.count > 2 * capacity {
        var seen: Set<Conversation> = [conversation]
        order.removeAll {
          ($0 != conversation && entries[$0] == nil) || ($0 != conversation && !seen.insert($0).inserted)
        }
      }
    }
    entries[conversation, default: []].append(Entry(position: position, receiver: receiver, waiter: waiter))
    count += 1
  }

  /// A device of a user has everything up to a place.
  ///
  /// - Returns: who waited for that, in the order of their messages.
  mutating func reached(_ position: LogPosition, by user: UserID, in conversation: Conversation) -> [Waiter] {
    guard let waiting = entries[conversation] else { return [] }
    func isReached(_ entry: Entry) -> Bool { entry.receiver == user && entry.position <= position }
    let rest = waiting.filter { !isReached($0) }
    guard rest.count < waiting.count else { return [] }
    count -= waiting.count - rest.count
    entries[conversation] = rest.isEmpty ? nil : rest
    return waiting.filter(isReached).sorted { $0.position < $1.position }.map(\.waiter)
  }
}
