import CIMCore

/// Chooses the server for a client.
///
/// Only servers that take clients are candidates: registered, linked, and not going away. So what is chosen is what is
/// answered, whichever algorithm chose it, and a server that is dead is never among them.
protocol Balancer: Sendable {
  /// Chooses one of the candidates.
  ///
  /// - Parameters:
  ///   - candidates: the servers that take clients, by ascending id.
  ///   - avoided: the id of a server that did not answer this client: it is chosen only when there is no other.
  ///   - user: whose client it is.
  /// - Returns: nil when there is no candidate.
  mutating func choose(among candidates: [Candidate], avoiding avoided: String, for user: UserID)
    -> Candidate?
}

/// A server that takes clients.
struct Candidate: Hashable, Sendable {
  /// The server.
  let server: ServerRecord
  /// How many clients it has, as far as is known here.
  let connections: Int

  /// Which server.
  var id: ServerID { server.instance.id }
}

extension [Candidate] {
  /// The candidates without one, unless it is the only one.
  func avoiding(_ avoided: String) -> [Candidate] {
    let others = filter { $0.id.rawValue != avoided }
    return others.isEmpty ? self : others
  }
}
