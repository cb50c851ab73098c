import CIMProtos
import DequeModule
import NIOCore

/// Kicks for sessions that are not here. A kick can overtake the grant of its session, which comes over another route's link:
/// it is kept for a short time, and the session is closed when it comes.
struct EarlyKicks: Sendable {
  private let maxAge: TimeAmount
  private let capacity: Int
  private var kicks: [CimV1.SessionRef: CimV1.Kick] = [:]
  private var order: Deque<(since: NIODeadline, session: CimV1.SessionRef)> = []

  /// - Parameters:
  ///   - maxAge: how long a grant may be on its way.
  ///   - capacity: how many are kept; past it the oldest are dropped.
  init(maxAge: TimeAmount, capacity: Int) {
    self.maxAge = maxAge
    self.capacity = capacity
  }

  /// Keeps a kick.
  mutating func add(_ kick: CimV1.Kick, for session: CimV1.SessionRef, at now: NIODeadline) {
    dropOld(at: now)
    if kicks.updateValue(kick, forKey: session) == nil { order.append((now, session)) }
    if order.count > capacity { dropFirst() }
  }

  /// The kick for a session that has come, if there is one.
  mutating func kick(for session: CimV1.SessionRef, at now: NIODeadline) -> CimV1.Kick? {
    dropOld(at: now)
    return kicks[session]
  }

  private mutating func dropOld(at now: NIODeadline) {
    while let first = order.first, now - first.since > maxAge { dropFirst() }
  }

  private mutating func dropFirst() {
    if let first = order.popFirst() { kicks[first.session] = nil }
  }
}
