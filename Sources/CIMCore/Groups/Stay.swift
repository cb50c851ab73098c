/// A membership that has ended: what stands in the group's log between the two places is for the user.
public struct Stay: Hashable, Sendable {
  /// How many of a user's stays in a group are remembered, the latest.
  public static let remembered = 16

  /// Where the entry stands with which the user joined.
  public let joined: LogPosition
  /// Where the entry stands with which the user left.
  public let left: LogPosition

  /// Describes a membership that has ended; `left` comes after `joined`.
  public init(joined: LogPosition, left: LogPosition) {
    self.joined = joined
    self.left = left
  }
}
