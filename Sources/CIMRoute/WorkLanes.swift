import Synchronization

/// Does what has the same key in the order in which it came, and what has different ones side by side.
final class WorkLanes<Key: Hashable & Sendable>: Sendable {
  private typealias Work = @Sendable () async -> Void

  /// Without bounds of its own: servers have as many questions under way as they have sessions, and no more.
  private let lanes = Mutex(Lanes<Key, Work>(maxPerLane: .max, maxInAll: .max))
  private let activity = Activity()

  /// Begins to do `work`, behind all that has the same key.
  func run(for key: Key, _ work: @escaping @Sendable () async -> Void) {
    activity.begin()
    guard lanes.withLock({ $0.add(work, to: key) }) == .work else { return }
    Task {
      var next: Work? = work
      while let work = next {
        await work()
        next = lanes.withLock { $0.next(of: key) }
        activity.end()
      }
    }
  }

  /// Returns when nothing is left to do.
  func waitUntilIdle() async { await activity.waitUntilIdle() }
}

/// Which device of whom, whether the names are valid or not.
struct DeviceKey: Hashable, Sendable {
  let user: UInt64
  let device: String
}
