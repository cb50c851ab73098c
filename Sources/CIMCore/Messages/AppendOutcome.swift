/// What became of a message.
public enum AppendOutcome: Hashable, Sendable {
  /// It is in the log. `duplicate` tells that it was before, and this repeats the answer of then.
  case accepted(LogEntry, duplicate: Bool)

  /// Its counter is neither known nor the next. Nothing was changed; `expected` would be appended. A producer that is
  /// not known, or not any more, is expected to begin with 1.
  case gap(expected: UInt64)

  /// It was answered before, longer ago than the answer is kept. Nothing was changed.
  case duplicateUnknown

  /// It is not in the log and never will be.
  case refused(Refusal)
}
