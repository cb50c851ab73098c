/// A delayed message as its store has it.
public struct ScheduledMessage: Hashable, Sendable {
  /// What has become of it so far.
  public enum State: Hashable, Sendable {
    /// It waits for its time, and can be cancelled.
    case waiting
    /// A route is sending it: it can't be cancelled any more.
    case sending
    /// It could not be sent, and won't be.
    case failed(DelayedFailure)
  }

  /// The message.
  public let message: DelayedMessage

  /// When it is to be sent, by the store's clock.
  public let due: Timestamp

  /// What has become of it so far.
  public let state: State

  /// Describes it.
  public init(_ message: DelayedMessage, due: Timestamp, state: State) {
    self.message = message
    self.due = due
    self.state = state
  }

  /// Its place in its sender's list.
  public var place: ScheduledPlace { ScheduledPlace(due: self.due, id: self.message.id) }
}

/// A place in a user's list of delayed messages: by their time, then by id.
public struct ScheduledPlace: Hashable, Sendable, Comparable, LosslessStringConvertible {
  /// When the message there is to be sent.
  public let due: Timestamp

  /// Which message is there.
  public let id: DelayedID

  /// Names a place.
  public init(due: Timestamp, id: DelayedID) {
    self.due = due
    self.id = id
  }

  /// Parses `<milliseconds>.<id>`.
  public init?(_ description: String) {
    let parts = description.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, let due = UInt64(canonical: parts[0]), let id = try? DelayedID(String(parts[1]))
    else { return nil }
    self.init(due: Timestamp(milliseconds: due), id: id)
  }

  /// `<milliseconds>.<id>`.
  public var description: String { "\(self.due.milliseconds).\(self.id)" }

  public static func < (lhs: Self, rhs: Self) -> Bool { (lhs.due, lhs.id) < (rhs.due, rhs.id) }
}

/// Why a delayed message was not sent.
public struct DelayedFailure: Hashable, Sendable {
  /// The kinds of reasons. The raw values are what stores write.
  public enum Reason: String, Hashable, Sendable, CaseIterable {
    /// Its content is not valid any more.
    case invalid
    /// The receiver does not exist.
    case unknownUser = "unknown-user"
    /// The group does not exist, or the sender was no member of it at that time.
    case notAMember = "not-a-member"
    /// The receiver blocked the sender at that time, or the sender the receiver.
    case blocked
    /// The group's owner had muted the sender.
    case muted
    /// It may have been sent: that was tried so long ago that its conversation's log does not remember it.
    case uncertain
  }

  /// Why.
  public let reason: Reason

  /// The reason in words: what is wrong, and what to do.
  public let detail: String

  /// Describes a failure.
  public init(_ reason: Reason, _ detail: String) {
    self.reason = reason
    self.detail = detail
  }

  /// A final refusal by the log or by the rules of messages.
  public init(_ refusal: Refusal) {
    let reason: Reason =
      switch refusal.reason {
      case .invalid: .invalid
      case .unknownUser: .unknownUser
      case .notAMember: .notAMember
      case .blocked: .blocked
      case .muted: .muted
      }
    self.init(reason, refusal.detail)
  }

  /// It may have been sent.
  public static let uncertain = Self(
    .uncertain,
    "It was tried so long ago that it is not known any more whether it was sent; look into the history.")
}
