import CIMCore
import DequeModule
import NIOCore

/// Sessions that are in the store and that their server does not know.
///
/// That can be a matter of moments: the store is written before the server learns that its client is let in. A session that
/// stays unknown is a ghost: its end was never told, and it is to be removed.
struct Suspects: Sendable {
  /// Names one connection.
  struct Key: Hashable, Sendable {
    let user: UserID
    let device: DeviceID
    let epoch: SessionEpoch
  }

  /// What to do about a session that is not where it should be.
  enum Advice: Hashable, Sendable {
    /// It may appear yet: ask again when the grace is over.
    case tryAgain
    /// It is going to be asked for again already.
    case wait
    /// It does not exist.
    case remove
  }

  private let grace: TimeAmount
  private let capacity: Int
  private var since: [Key: NIODeadline] = [:]
  private var order: Deque<Key> = []

  /// - Parameters:
  ///   - grace: how long a session may stay unknown, longer than opening one takes.
  ///   - capacity: how many are remembered; past it the oldest are forgotten.
  init(grace: TimeAmount, capacity: Int) {
    self.grace = grace
    self.capacity = capacity
  }

  /// A server does not know a session.
  mutating func report(_ key: Key, at now: NIODeadline) -> Advice {
    guard let first = since[key], now - first < grace * 3 else {
      // One that was unknown long ago and was not asked for since has proved right.
      if since.updateValue(now, forKey: key) == nil { order.append(key) }
      if order.count > capacity, let oldest = order.popFirst() { since[oldest] = nil }
      return .tryAgain
    }
    return now - first >= grace ? .remove : .wait
  }
}
