/// How a route chooses the server for a client.
public enum Balancing: String, CaseIterable, Sendable {
  /// One server after the other, by ascending id.
  case roundRobin = "round-robin"
  /// Any server, each as likely as the others.
  case random = "random"
  /// A user's own server: every route chooses the same, and a server that comes or goes moves only the users that it
  /// gets or had.
  case consistentHash = "consistent-hash"
  /// The server with the fewest clients, by what servers tell routes every second and what this route has given out since.
  case leastConnections = "least-connections"

  /// A balancer that has not chosen yet.
  var balancer: any Balancer {
    switch self {
    case .roundRobin: RoundRobin()
    case .random: RandomChoice(SystemRandomNumberGenerator())
    case .consistentHash: ConsistentHash()
    case .leastConnections: LeastConnections()
    }
  }
}
