import CIMCore

/// Where a message goes.
public enum Destination: Hashable, Sendable {
  /// To everybody.
  case lobby

  /// To one user, privately.
  case user(UserID)

  /// To a conversation, such as the one of a received message.
  case conversation(Conversation)

  /// The conversation that `sender` means by it.
  public func conversation(from sender: UserID) -> Conversation {
    switch self {
    case .lobby: .lobby
    case .user(let user): .direct(between: sender, and: user)
    case .conversation(let conversation): conversation
    }
  }
}
