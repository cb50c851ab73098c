import CIMCore

/// The server with the fewest clients; of several such, one after the other.
struct LeastConnections: Balancer {
  private var turns = RoundRobin()

  mutating func choose(
    among candidates: [Candidate], avoiding avoided: String, for user: UserID
  ) -> Candidate? {
    let candidates = candidates.avoiding(avoided)
    let fewest = candidates.lazy.map(\.connections).min()
    return turns.choose(
      among: candidates.filter { $0.connections == fewest }, avoiding: avoided, for: user)
  }
}
