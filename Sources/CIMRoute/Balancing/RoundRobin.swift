import CIMCore

/// One after the other, by ascending id.
struct RoundRobin: Balancer {
  /// The server chosen last. An index would skip or repeat servers whenever one comes or goes.
  private var last: ServerID?

  mutating func choose(
    among candidates: [Candidate], avoiding avoided: String, for user: UserID
  ) -> Candidate? {
    let candidates = candidates.avoiding(avoided)
    let next = last.flatMap { last in candidates.first { $0.id > last } } ?? candidates.first
    if let next { last = next.id }
    return next
  }
}
