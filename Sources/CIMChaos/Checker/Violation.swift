import CIMCore

/// A promise that was not kept.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
  /// Which promise.
  public enum Kind: String, CaseIterable, Hashable, Sendable {
    /// An accepted message was not shown to somebody whom it was for.
    case lost
    /// A message was shown to somebody again, or logged again.
    case doubled
    /// Messages of one sender in one conversation came in another order than they were sent in.
    case reordered
    /// Two receivers saw different orders, or one went back.
    case disagreement
    /// A message of which nobody knows whether it was accepted was shown to some and not to others.
    case partial
    /// A message was shown that was refused for good.
    case refusedButShown = "refused-but-shown"
    /// A message came to somebody whom it was not for.
    case leaked
    /// A message came that nobody sent, or not as it was sent.
    case altered
    /// A client's own message was shown to it as if it were somebody else's.
    case echo
    /// Somebody who is gone is listed as online.
    case ghost
    /// Somebody who is online is not listed.
    case unlisted
    /// A send has no answer.
    case unanswered
    /// A send was refused.
    case refused
    /// A client got a message that did not follow the one before.
    case gap
    /// A client was told that messages are gone, in a run in which none may be.
    case reset
    /// A client gave up.
    case failed
  }

  /// Which promise.
  public let kind: Kind
  /// What was seen, with the names and places to look for.
  public let detail: String

  init(_ kind: Kind, _ detail: String) {
    self.kind = kind
    self.detail = detail
  }

  public var description: String { "\(self.kind.rawValue): \(self.detail)" }
}

extension Violation.Kind {
  /// Whether what is wrong now may come right by waiting.
  public var mayHeal: Bool {
    switch self {
    case .lost, .partial, .unanswered, .ghost, .unlisted: true
    default: false
    }
  }
}
