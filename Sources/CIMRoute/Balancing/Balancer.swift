import CIMCore

/// Chooses the server for a client.
public protocol Balancer: Sendable {
  /// Chooses among servers that take clients.
  ///
  /// - Parameters:
  ///   - candidates: at least one, by ascending id.
  ///   - user: whose client it is.
  mutating func choose(among candidates: [ServerRecord], for user: UserID) -> ServerRecord
}

/// One after the other, by ascending id.
public struct RoundRobin: Balancer {
  /// The server chosen last. An index would skip or repeat servers whenever one comes or goes.
  private var last: ServerID?

  /// Begins with the first server.
  public init() {}

  public mutating func choose(among candidates: [ServerRecord], for user: UserID) -> ServerRecord {
    let next = last.flatMap { last in candidates.first { $0.instance.id > last } } ?? candidates[0]
    last = next.instance.id
    return next
  }
}
