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

  /// By user.
  var sorted: [ClientHistory] { self.all.values.sorted { $0.user < $1.user } }
}
