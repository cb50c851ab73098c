/// Who exists: accounts by id and by name.
public protocol AccountStore: Store {
  /// Gives a name an account, or finds the one it has.
  ///
  /// Ids come from a counter: the first account is 1, each new one has a greater id than all before it. Of any number
  /// of concurrent calls for one name exactly one creates the account, and all answer with it.
  ///
  /// - Returns: the name's account, and whether this call created it.
  func register(_ name: UserName) async throws(StoreError) -> (account: Account, created: Bool)

  /// The account with that id, if there is one.
  func account(_ id: UserID) async throws(StoreError) -> Account?

  /// The account with that name, if there is one.
  func account(named name: UserName) async throws(StoreError) -> Account?

  /// The accounts with those ids, looked up at once. Ids without an account are absent from the answer.
  func accounts(_ ids: [UserID]) async throws(StoreError) -> [UserID: Account]
}
