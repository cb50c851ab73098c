/// A user of the system. Both its id and its name are unique and stay as they are.
public struct Account: Hashable, Sendable {
  /// The number given by the store.
  public let id: UserID

  /// The name chosen by the user.
  public let name: UserName

  /// Names an account.
  public init(id: UserID, name: UserName) {
    self.id = id
    self.name = name
  }
}
