import CIMProtos
import DequeModule
import NIOCore

/// The closed sessions that a link was told of lately. When the link breaks, nobody knows which of them arrived: they are
/// reported again over another, which is right to do twice.
struct RecentReports: Sendable {
  private let maxAge: TimeAmount
  private var reports: Deque<(at: NIODeadline, session: CimV1.SessionRef)> = []

  /// - Parameter maxAge: how long a report may be on its way, longer than it takes both ends to notice that a link is down.
  init(maxAge: TimeAmount) { self.maxAge = maxAge }

  /// A report was sent.
  mutating func add(_ session: CimV1.SessionRef, at now: NIODeadline) {
    dropOld(at: now)
    reports.append((now, session))
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
