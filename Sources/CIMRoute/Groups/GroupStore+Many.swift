import CIMCore

extension GroupStore {
  /// The groups of several users, asked for side by side: the store's connection takes them as one batch.
  func groups(of users: Set<UserID>) async throws(StoreError) -> [UserID: [GroupID: LogPosition]] {
    let results = await withTaskGroup(of: (UserID, Result<[GroupID: LogPosition], StoreError>).self) {
      group in
      for user in users {
        group.addTask {
          // Returned from within the `do`, the optimizer of Swift 6.3.1 gives another user than the one captured.
          let result: Result<[GroupID: LogPosition], StoreError>
          do throws(StoreError) {
            result = .success(try await self.groups(of: user))
          } catch {
            result = .failure(error)
          }
          return (user, result)
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    var found: [UserID: [GroupID: LogPosition]] = [:]
    for (user, result) in results { found[user] = try result.get() }
    return found
  }
}
