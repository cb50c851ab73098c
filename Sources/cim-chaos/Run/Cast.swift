import CIMChaos
import CIMCore

/// Makes the accounts and groups of a run.
struct Cast {
  /// The users with clients, then the service that has none.
  private(set) var roster: Roster
  /// What those who make calls of their own call with: visitors of groups and the service, by user.
  private(set) var tokens: [UserID: String] = [:]
  /// Who sends without a client.
  let service: Roster.Member

  private let calls: RouteCalls

  /// Groups are of equal size, and the first has half of the others' members on top. One more group has a third of the users
  /// for members and another third for visitors.
  init(_ calls: RouteCalls, users: Int, groups: Int) async throws {
    self.calls = calls
    var members: [Roster.Member] = []
    for index in 0..<users {
      let name = "user-\(index + 1)"
      let (user, token) = try await calls.register(name)
      members.append(Roster.Member(id: user, name: name))
      self.tokens[user] = token
    }
    let (user, token) = try await calls.register("service")
    self.service = Roster.Member(id: user, name: "service")
    self.tokens[user] = token
    self.roster = Roster(members: members + [self.service])
    for group in 0..<groups {
      let inside = members.indices.filter { $0 % groups == group || (group == 0 && $0 % 2 == 0) }
      try await self.makeGroup(
        "group-\(group + 1)", of: inside.map { members[$0] } + [self.service], visitors: [])
    }
    if groups > 0 {
      try await self.makeGroup(
        "visited", of: members.indices.filter { $0 % 3 == 0 }.map { members[$0] },
        visitors: members.indices.filter { $0 % 3 == 1 }.prefix(8).map { members[$0] })
    }
    let callers = Set(self.roster.groups.flatMap(\.visitors).map { UserID($0) } + [self.service.id])
    for (user, token) in self.tokens where !callers.contains(user) {
      try await calls.logOut(token)
      self.tokens[user] = nil
    }
  }

  private mutating func makeGroup(_ id: String, of members: [Roster.Member], visitors: [Roster.Member])
    async throws
  {
    var stays: [UInt64: [Roster.Group.Stay]] = [:]
    for member in members {
      guard let token = self.tokens[member.id] else { continue }
      let joined =
        stays.isEmpty
        ? try await self.calls.createGroup(id, token: token)
        : try await self.calls.joinGroup(id, token: token)
      stays[member.id.rawValue] = [.init(joined: joined)]
    }
    self.roster.groups.append(
      Roster.Group(
        conversation: try Conversation("g:\(id)"), stays: stays, visitors: Set(visitors.map(\.id.rawValue))))
  }
}
