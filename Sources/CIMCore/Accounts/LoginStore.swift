/// Who has been let in: the logins of users' devices, by token.
public protocol LoginStore: Store {
  /// Lets a device in, under a new token. The device's earlier login, if there is one, is void from then on.
  ///
  /// Its generation is greater than that of every earlier login of the user, and not less than the store's time in
  /// milliseconds: also when the store has lost the latest.
  func create(user: UserID, device: DeviceID, kind: DeviceKind) async throws(StoreError) -> Login

  /// The login that the token proves; `nil` when it was replaced, revoked or never given.
  func login(for token: LoginToken) async throws(StoreError) -> Login?

  /// The logins of a user that stand, by ascending device id.
  func logins(of user: UserID) async throws(StoreError) -> [Login]

  /// Ends the login that the token proves.
  ///
  /// - Returns: the login that this call ended; `nil` when the token was not valid (any more), also when another call
  ///   ended it at the same moment.
  func revoke(_ token: LoginToken) async throws(StoreError) -> Login?
}

extension LoginStore {
  /// Lets a device in that does not say of which kind it is.
  public func create(user: UserID, device: DeviceID) async throws(StoreError) -> Login {
    try await create(user: user, device: device, kind: .unnamed)
  }
}
