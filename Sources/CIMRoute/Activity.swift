import CIMCore
import Synchronization

/// Counts what is under way, and tells when it is nothing.
final class Activity: Sendable {
  private let count = Mutex(0)
  private let idle = Latest(true)

  /// Something begins.
  func begin() { change(by: 1) }

  /// Something that had begun has ended.
  func end() { change(by: -1) }

  /// Returns when nothing is under way.
  func waitUntilIdle() async {
    for await isIdle in idle.values() where isIdle { return }
  }

  private func change(by amount: Int) {
    count.withLock { count in
      count += amount
      // Under the lock, so that the last word is right.
      idle.publishChange(count == 0)
    }
  }
}
