extension Refusal {
  /// The answer to a message with the counter 0.
  public static let zeroCounter = Self(
    .invalid, "send_id.counter is 0: counters of a producer begin with 1")

  /// The answer to a message of somebody who is not in the group, or to no group.
  public static let notAMember = Self(
    .notAMember, "there is no such group, or the sender is no member of it: join it first")

  /// The answer to a private message to somebody who blocks its sender.
  public static let blocked = Self(
    .blocked, "this user does not take messages from you")

  /// The answer to a private message to somebody whom its sender blocks.
  public static let blocking = Self(
    .blocked, "you have blocked this user: unblock the user first")

  /// The answer to a message of a member that the group's owner has muted.
  public static let muted = Self(
    .muted, "the owner of the group has muted the sender: only the owner can end that")

  /// The answer to a message under another user's producer.
  public static let foreignProducer = Self(
    .invalid, "send_id.producer belongs to another user: make a new random producer id")
}
