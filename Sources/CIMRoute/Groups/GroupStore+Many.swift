import CIMCore

extension GroupStore {
  /// The groups of several users, asked for side by side: the store's connection takes them as one batch.
  func groups(of users: Set<UserID>) async throws(StoreError) -> [UserID: [GroupID: LogPosition]] {
    try await each(of: users) { user throws(StoreError) in try await self.groups(of: user) }
  }

  /// The ended memberships of several users, each in some groups, asked for side by side.
  func formerStays(
    in groups: [UserID: Set<GroupID>]
  ) async throws(StoreError) -> [UserID: [GroupID: [Stay]]] {
    try await each(of: groups.keys) { user throws(StoreError) in
      try await self.formerStays(of: user, in: Array<GroupID>(groups[user] ?? []))
    }
  }

  private func each<Found: Sendable>(
    of users: some Sequence<UserID>, _ ask: @escaping @Sendable (UserID) async throws(StoreError) -> Found
  ) async throws(StoreError) -> [UserID: Found] {
    let results = await withTaskGroup(of: (UserID, Result<Found, StoreError>).self) { group in
      for user in users {
        group.addTask {
          // Returned from within the `do`, the optimizer of Swift 6.3.1 gives another user than the one captured.
          let result: Result<Found, StoreError>
          do throws(StoreError) {
            result = .success(try await ask(user))
          } catch {
            result = .failure(error)
          }
          return (user, result)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var found: [UserID: Found] = [:]
    for (user, result) in results { found[user] = try result.get() }
    return found
  }
}
