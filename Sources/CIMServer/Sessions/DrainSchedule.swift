import CIMProtos
import DequeModule
import NIOCore

/// Tells clients to leave, spread evenly over a time, so that the servers that they move to are not overrun.
struct DrainSchedule: Sendable {
  /// What all clients are told, and when.
  struct Plan: Sendable {
    /// When the first is told.
    let start: NIODeadline
    /// How long it takes until the last is told.
    let spread: TimeAmount
    /// When those that have not left are cut off.
    let end: NIODeadline
    /// Where they may go, one after the other.
    let servers: [CimV1.ServerEndpoint]
  }

  private let plan: Plan
  private let count: Int
  private var waiting: Deque<UInt64>
  private var nextServer: Int

  /// - Parameter offset: with which of the servers to begin, so that not every event loop begins with the same.
  init(_ plan: Plan, sessions: some Collection<UInt64>, offset: Int) {
    self.plan = plan
    count = sessions.count
    waiting = Deque(sessions)
    nextServer = offset
  }

  /// Whether all are told.
  var isOver: Bool { waiting.isEmpty }

  /// Who is told at `now`, and what.
  mutating func next(at now: NIODeadline) -> [(session: UInt64, drain: CimV1.Drain)] {
    let passed = Double((now - plan.start).nanoseconds)
    let spread = Double(plan.spread.nanoseconds)
    let share = spread > 0 ? min(1, max(0, passed / spread)) : 1
    // The first goes at once.
    let told = min(count, Int(share * Double(count)) + 1)
    let left = max(0, (plan.end - now).nanoseconds / 1_000_000)
    var drains: [(UInt64, CimV1.Drain)] = []
    while count - waiting.count < told, let session = waiting.popFirst() {
      var server: CimV1.ServerEndpoint?
      if !plan.servers.isEmpty {
        server = plan.servers[nextServer % plan.servers.count]
        nextServer += 1
      }
      drains.append((session, CimV1.Drain(withinMs: UInt32(clamping: left), server: server)))
    }
    return drains
  }
}
