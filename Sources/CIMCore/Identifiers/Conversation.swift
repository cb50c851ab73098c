/// Where messages go: each conversation has a log of its own.
public enum Conversation: Hashable, Sendable, CustomStringConvertible {
  /// Everybody.
  case lobby

  /// Two users, privately.
  case direct(UserPair)

  /// The members of a group.
  case group(GroupID)

  /// The private conversation of two users, in whichever order they are named.
  public static func direct(between one: UserID, and other: UserID) -> Self {
    .direct(UserPair(one, other))
  }

  /// Parses `lobby`, `p:<lower user id>:<higher user id>` or `g:<group id>`.
  ///
  /// - Throws: `InvalidIdentifier` for anything else, a private conversation with its users in the wrong order
  ///   included: a conversation has one text only.
  public init(_ text: String) throws(InvalidIdentifier) {
    guard let parsed = Self(parsing: text) else {
      throw InvalidIdentifier(
        "conversation", rule: "\"lobby\", \"p:<lower user id>:<higher user id>\" or \"g:<group id>\"")
    }
    self = parsed
  }

  private init?(parsing text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    switch (parts.first, parts.count) {
    case ("lobby", 1):
      self = .lobby
    case ("p", 3):
      guard let lower = UserID(text: parts[1]), let higher = UserID(text: parts[2]), lower <= higher else {
        return nil
      }
      self = .direct(UserPair(lower, higher))
    case ("g", 2):
      guard let group = try? GroupID(String(parts[1])) else { return nil }
      self = .group(group)
    default:
      return nil
    }
  }

  /// `lobby`, `p:<lower user id>:<higher user id>` or `g:<group id>`.
  public var description: String {
    switch self {
    case .lobby: "lobby"
    case .direct(let pair): "p:\(pair.lower):\(pair.higher)"
    case .group(let group): "g:\(group)"
    }
  }
}
