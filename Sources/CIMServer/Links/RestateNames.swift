import DequeModule

/// The requests to state all sessions again that were heeded: several routes notice the same, and name it alike.
struct RestateNames: Sendable {
  /// How many names are remembered; an older one would be heeded again, which is right to do twice.
  private static let capacity = 1024

  private var names: Set<String> = []
  private var order: Deque<String> = []

  /// Whether a request of that name is new.
  mutating func heed(_ name: String) -> Bool {
    guard names.insert(name).inserted else { return false }
    order.append(name)
    if order.count > Self.capacity, let oldest = order.popFirst() { names.remove(oldest) }
    return true
  }
}
