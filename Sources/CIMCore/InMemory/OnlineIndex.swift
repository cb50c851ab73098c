/// The users who are online on one server, by ascending id.
struct OnlineIndex {
  /// Ascending, each user once.
  private var users: [UserID] = []

  /// How many sessions each of them has here.
  private var sessionCounts: [UserID: Int] = [:]

  /// Whether nobody is online.
  var isEmpty: Bool { self.users.isEmpty }

  /// Lists a session that is not listed yet.
  mutating func insert(_ session: Session) {
    self.sessionCounts[session.user, default: 0] += 1
    guard self.sessionCounts[session.user] == 1 else { return }
    self.users.insert(session.user, at: self.users.partitionIndex { $0 > session.user })
  }

  /// Takes a session that is listed off the list.
  mutating func remove(_ session: Session) {
    guard let count = self.sessionCounts[session.user] else { return }
    guard count == 1 else {
      self.sessionCounts[session.user] = count - 1
      return
    }
    self.sessionCounts[session.user] = nil
    self.users.remove(at: self.users.partitionIndex { $0 >= session.user })
  }

  /// The first `limit` users with an id greater than `after`.
  func users(after: UserID?, limit: Int) -> ArraySlice<UserID> {
    let start = after.map { after in self.users.partitionIndex { $0 > after } } ?? 0
    return self.users[start...].prefix(limit)
  }
}
