import CIMChaos
import CIMCore

/// Makes the accounts and groups of a run.
struct Cast {
  let roster: Roster

  /// Groups are of equal size, and the first has half of the others' members on top.
  init(_ calls: RouteCalls, users: Int, groups: Int) async throws {
    var members: [Roster.Member] = []
    var joined: [[UInt64: LogPosition]] = Array(repeating: [:], count: groups)
    for index in 0..<users {
      let name = "user-\(index + 1)"
      let (user, token) = try await calls.register(name)
      members.append(Roster.Member(id: user, name: name))
      for group in 0..<groups where index % groups == group || (group == 0 && index % 2 == 0) {
        let id = "group-\(group + 1)"
        joined[group][user.rawValue] =
          joined[group].isEmpty
          ? try await calls.createGroup(id, token: token) : try await calls.joinGroup(id, token: token)
      }
      try await calls.logOut(token)
    }
    self.roster = Roster(
      members: members,
      groups: try joined.enumerated().map { index, joined in
        Roster.Group(conversation: try Conversation("g:group-\(index + 1)"), joined: joined)
      })
  }
}
