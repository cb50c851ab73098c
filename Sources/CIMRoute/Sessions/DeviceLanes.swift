import CIMCore
import Synchronization

/// Does what concerns one device in the order in which it came, and what concerns different ones side by side.
final class DeviceLanes: Sendable {
  /// Which device of whom.
  struct Key: Hashable, Sendable {
    let user: UserID
    let device: String
  }

  private typealias Work = @Sendable () async -> Void

  private let lanes = Mutex(Lanes<Key, Work>(maxPerLane: .max, maxInAll: .max))
  private let activity = Activity()

  /// Begins to do `work`, behind all that was to be done for the device before.
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
