import CIMChaos
import CIMCore

/// All clients' histories, as far as they are written.
struct Histories {
  private(set) var all: [String: ClientHistory]
  private let directory: String

  init(_ roster: Roster, in directory: String) {
    self.directory = directory
    self.all = Dictionary(uniqueKeysWithValues: roster.members.map { ($0.name, ClientHistory(user: $0.id)) })
  }

  /// Reads what was added.
  mutating func readOn() throws {
    for name in self.all.keys {
      try self.all[name]?.readOn(from: RunDirectory.history(of: name, in: self.directory))
    }
  }

  /// Users who had a client.
  var withClient: Set<UserID> {
    Set(
      self.all.values.filter { history in
        history.lines.contains { if case .started = $0.event { true } else { false } }
      }.map(\.user))
  }

  /// By user.
  var sorted: [ClientHistory] { self.all.values.sorted { $0.user < $1.user } }
}
