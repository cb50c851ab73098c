/// Two users in ascending order. Both may be the same: that is a user's conversation with itself.
public struct UserPair: Hashable, Sendable {
  /// The lower id.
  public let lower: UserID

  /// The higher id, or the same.
  public let higher: UserID

  /// Creates a pair from two users in whichever order.
  public init(_ one: UserID, _ other: UserID) {
    self.lower = min(one, other)
    self.higher = max(one, other)
  }

  /// Whether the user is one of the two.
  public func contains(_ user: UserID) -> Bool {
    user == self.lower || user == self.higher
  }

  /// The other of the two; `nil` when `user` is neither.
  public func peer(of user: UserID) -> UserID? {
    switch user {
    case self.lower: self.higher
    case self.higher: self.lower
    default: nil
    }
  }
}
