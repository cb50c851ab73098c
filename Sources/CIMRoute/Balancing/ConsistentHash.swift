import CIMCore

/// A user's own server: the same on every route, and another only when that one goes or a new one takes the user over.
struct ConsistentHash: Balancer {
  private var ring = HashRing()

  mutating func choose(
    among candidates: [Candidate], avoiding avoided: String, for user: UserID
  ) -> Candidate? {
    let servers = candidates.map(\.id)
    if servers != ring.servers { ring = HashRing(servers) }
    // The ring has the avoided one too: leaving it out would build a ring for this client and another for the next.
    let chosen = ring.server(for: user) { $0.rawValue != avoided } ?? ring.server(for: user) { _ in true }
    return candidates.first { $0.id == chosen }
  }
}
