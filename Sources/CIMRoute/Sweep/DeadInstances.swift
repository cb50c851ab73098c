import CIMCore
import NIOCore

/// Which servers are dead for long enough that the sessions they left behind are removed.
///
/// One that died before this route's eyes is, at once. One that only the store knows may have registered a moment ago,
/// or the registry's news may be late: it has a grace.
struct DeadInstances: Sendable {
  private let grace: TimeAmount
  private var since: [ServerInstance: NIODeadline] = [:]

  /// - Parameter grace: how long a server may be in the store and unknown here.
  init(grace: TimeAmount) { self.grace = grace }

  /// Whose sessions are to be removed now.
  ///
  /// - Parameters:
  ///   - known: the servers that the store knows.
  ///   - alive: those that live.
  ///   - died: those that died before this route's eyes.
  ///   - isCurrent: whether the registry answers: if not, nothing is known of servers that are new.
  mutating func due(
    known: [ServerInstance], alive: Set<ServerInstance>, died: Set<ServerInstance>, isCurrent: Bool,
    at now: NIODeadline
  ) -> [ServerInstance] {
    let absent = known.filter { !alive.contains($0) }
    guard isCurrent else {
      since = [:]
      return absent.filter(died.contains)
    }
    since = absent.reduce(into: [:]) { $0[$1] = since[$1] ?? now }
    return absent.filter { instance in
      died.contains(instance) || since[instance].map { now - $0 >= grace } ?? false
    }
  }
}
