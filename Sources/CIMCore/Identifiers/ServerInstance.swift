/// One registration of one server. What belongs to it (sessions above all) is void once it is gone, also when a
/// server of the same id returns.
public struct ServerInstance: Hashable, Sendable, LosslessStringConvertible {
  /// Which server.
  public let id: ServerID

  /// Which registration of it.
  public let incarnation: Incarnation

  /// Names a registration.
  public init(id: ServerID, incarnation: Incarnation) {
    self.id = id
    self.incarnation = incarnation
  }

  /// Parses `id#incarnation`.
  public init?(_ description: String) {
    let parts = description.split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let id = try? ServerID(String(parts[0])),
      let incarnation = try? Incarnation(String(parts[1]))
    else { return nil }
    self.init(id: id, incarnation: incarnation)
  }

  /// `id#incarnation`.
  public var description: String { "\(self.id)#\(self.incarnation)" }
}
