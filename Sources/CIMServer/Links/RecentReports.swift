import CIMProtos
import DequeModule
import NIOCore

/// The closed sessions that a link was told of lately. When the link breaks, nobody knows which of them arrived: they are
/// reported again over another, which is right to do twice.
struct RecentReports: Sendable {
  /// How many are kept; the oldest of more have most likely arrived.
  private static let capacity = 65_536

  private let maxAge: TimeAmount
  private var reports: Deque<(at: NIODeadline, session: CimV1.SessionRef)> = []

  /// - Parameter maxAge: how long a route may take to act on a report, longer than it takes both ends to notice that a link is
  ///   down.
  init(maxAge: TimeAmount) { self.maxAge = maxAge }

  /// A report was sent.
  mutating func add(_ session: CimV1.SessionRef, at now: NIODeadline) {
    dropOld(at: now)
    reports.append((now, session))
    if reports.count > Self.capacity { reports.removeFirst() }
  }

  /// What may not have arrived.
  mutating func takeAll(at now: NIODeadline) -> [CimV1.SessionRef] {
    dropOld(at: now)
    defer { reports = [] }
    return reports.map(\.session)
  }

  private mutating func dropOld(at now: NIODeadline) {
    while let first = reports.first, now - first.at > maxAge { reports.removeFirst() }
  }
}
