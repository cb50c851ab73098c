/// What became of a message.
public enum AppendOutcome: Hashable, Sendable {
  /// It is in the log. `duplicate` tells that it was before, and this repeats the answer of then. `isReplicated` tells
  /// that as many replicas of the store have it as it is configured to wait for; it is false when that was not asked for,
  /// when they did not say so in time, and when none are configured.
  case accepted(LogEntry, duplicate: Bool, isReplicated: Bool)

  /// The lease of the mark named in `markedAt` is over. Nothing was changed: mark again, then append again.
  case staleMark

  /// Its counter is neither known nor the next. Nothing was changed; `expected` would be appended. A producer that is
  /// not known, or not any more, is expected to begin with 1.
  case gap(expected: UInt64)

  /// It was answered before, longer ago than the answer is kept. Nothing was changed.
  case duplicateUnknown

  /// It is not in the log and never will be.
  case refused(Refusal)
}
