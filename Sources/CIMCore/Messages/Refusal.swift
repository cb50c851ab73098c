/// A final answer that a message is not accepted.
public struct Refusal: Hashable, Sendable {
  /// Why. The raw values are what stores write.
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// The send id, the conversation or the content is not valid.
    case invalid
    /// The receiver does not exist.
    case unknownUser = "unknown-user"
    /// The group does not exist, or the sender is no member of it.
    case notAMember = "not-a-member"
    /// One of the two in a private conversation blocks the other.
    case blocked
    /// The group's owner has muted the sender.
    case muted
  }

  /// Why.
  public let reason: Reason

  /// The reason in words: what is wrong, and what to do.
  public let detail: String

  /// Describes a refusal.
  public init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }
}
