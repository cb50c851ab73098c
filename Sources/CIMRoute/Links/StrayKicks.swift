import CIMCore
import CIMProtos
import DequeModule
import NIOCore

/// Kicks for servers that this route does not know: other routes may have been told of them a moment earlier.
struct StrayKicks: Sendable {
  private let maxAge: TimeAmount
  private let capacity: Int
  private var kicks: Deque<(since: NIODeadline, instance: ServerInstance, kick: CimV1.KickSession)> = []

  /// - Parameters:
  ///   - maxAge: how long a server can take to be known here; one that is not known then is dead, and took its sessions
  ///     along.
  ///   - capacity: how many are kept; past it the oldest are dropped.
  init(maxAge: TimeAmount, capacity: Int) {
    self.maxAge = maxAge
    self.capacity = capacity
  }

  /// Keeps a kick.
  mutating func add(_ kick: CimV1.KickSession, for instance: ServerInstance, at now: NIODeadline) {
    while let first = kicks.first, kicks.count >= capacity || now - first.since > maxAge {
      kicks.removeFirst()
    }
    kicks.append((now, instance, kick))
  }

  /// A server is known: takes out what it is to be told.
  mutating func take(for instance: ServerInstance) -> [CimV1.KickSession] {
    let found = kicks.filter { $0.instance == instance }.map(\.kick)
    if !found.isEmpty { kicks.removeAll { $0.instance == instance } }
    return found
  }
}
