import CIMCore
import DequeModule
import NIOCore

/// Private conversations that were noted lately, so that their notes are not written with each message.
struct ContactCache: Sendable {
  private let lifetime: TimeAmount
  private let capacity: Int
  private var noted: [UserPair: NIODeadline] = [:]
  private var order: Deque<UserPair> = []

  /// - Parameters:
  ///   - lifetime: for how long a note is not written again.
  ///   - capacity: how many are kept, at least 1; past it the oldest go.
  init(lifetime: TimeAmount, capacity: Int) {
    precondition(capacity > 0)
    self.lifetime = lifetime
    self.capacity = capacity
  }

  /// How many are kept.
  var count: Int { noted.count }

  /// Whether a conversation was noted lately.
  func contains(_ pair: UserPair, at now: NIODeadline) -> Bool {
    noted[pair].map { $0 > now } ?? false
  }

  /// A conversation was noted.
  mutating func insert(_ pair: UserPair, at now: NIODeadline) {
    guard noted.updateValue(now + lifetime, forKey: pair) == nil else { return }
    order.append(pair)
    if order.count > capacity, let oldest = order.popFirst() { noted[oldest] = nil }
  }

  /// The store is another one, which may not have the notes.
  mutating func removeAll() {
    noted = [:]
    order = []
  }
}
