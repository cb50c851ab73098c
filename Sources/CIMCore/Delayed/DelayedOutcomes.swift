/// What became of the wish to send a message later.
public enum ScheduleOutcome: Hashable, Sendable {
  /// It is kept and will be sent. `duplicate` tells that it was kept, sent or cancelled before under the same id or key, and this
  /// repeats the answer of then.
  case scheduled(DelayedID, due: Timestamp, duplicate: Bool)
  /// The user has as many as may wait. Nothing was changed.
  case tooMany(limit: Int)
  /// The time is too far ahead; `latest` is the last one that would be taken now. Nothing was changed.
  case tooFar(latest: Timestamp)
}

/// What became of the wish not to send a delayed message.
public enum DelayedCancellation: Hashable, Sendable {
  /// It is not sent, by nobody, ever; one that had failed is not listed any more.
  case cancelled
  /// A route has taken it: it is being sent, or was.
  case tooLate
  /// The user has none of that id: it was sent or cancelled, or never was.
  case unknown
}

/// A delayed message that a route has taken, to send it. It is the route's for as long as the lease lasts; then others can take it, too.
public struct TakenMessage: Hashable, Sendable {
  /// The message.
  public let message: DelayedMessage

  /// When it was to be sent.
  public let due: Timestamp

  /// Which taking of this message it is: greater with each.
  public let attempt: UInt64

  /// Whether whoever took it before may have sent it so long ago that the log does not know any more: sending it could be the
  /// second time.
  public let isUncertain: Bool

  /// Describes it.
  public init(_ message: DelayedMessage, due: Timestamp, attempt: UInt64, isUncertain: Bool) {
    self.message = message
    self.due = due
    self.attempt = attempt
    self.isUncertain = isUncertain
  }
}

/// How the life of a delayed message ends.
public enum DelayedEnd: Hashable, Sendable {
  /// It is in its conversation's log: nothing of it is kept.
  case sent
  /// It can't be sent: its sender sees it listed for some time, with the reason.
  case failed(DelayedFailure)
}
