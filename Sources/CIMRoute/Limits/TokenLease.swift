import CIMCore
import NIOCore

/// The tokens that this route has taken from the shared buckets and not used: pure, with the time as an argument.
///
/// Who does much is asked for less often: a lease that was used up in time is followed by one twice as large. Who does little takes one
/// token at a time, so that nothing is lost. What is not used within a second is lost, so that it can't be hoarded: at most half of what
/// was used in the second before, and an eighth of the burst.
struct TokenLease: Sendable {
  /// What becomes of something that costs a token.
  enum Answer: Hashable, Sendable {
    /// It may be done.
    case taken
    /// It may not, for a time.
    case refused(TokenRefusal)
    /// Take at least so many from the shared buckets, and tell.
    case ask(Int)
  }

  /// How long a lease lasts.
  static let duration = TimeAmount.seconds(1)

  private let largest: Int
  private var held = 0
  private var size = 0
  private var validUntil = NIODeadline.uptimeNanoseconds(0)
  private var refusal: (subject: TokenSubject, until: NIODeadline)?

  /// Begins without tokens.
  init(for demand: TokenDemand) {
    largest = min(64, max(1, (demand.parts.map(\.limit.burst).min() ?? 1) / 8))
  }

  /// Takes a token.
  mutating func take(at now: NIODeadline) -> Answer {
    if let refusal, now < refusal.until {
      let milliseconds = ((refusal.until - now).nanoseconds + 999_999) / 1_000_000
      return .refused(TokenRefusal(refusal.subject, milliseconds: UInt64(milliseconds)))
    }
    let isValid = now < validUntil
    if held > 0, isValid {
      held -= 1
      return .taken
    }
    return .ask(isValid ? min(largest, max(1, 2 * size)) : 1)
  }

  /// A token was not needed after all.
  mutating func giveBack(at now: NIODeadline) {
    if now < validUntil { held += 1 }
  }

  /// What was asked for came.
  mutating func received(_ grant: TokenGrant, at now: NIODeadline) {
    switch grant {
    case .granted(let count):
      (held, size, refusal) = (count, min(count, largest), nil)
      validUntil = now + Self.duration
    case .refused(let refused):
      (held, size, validUntil) = (0, 0, now)
      refusal = (refused.subject, now + .milliseconds(Int64(clamping: refused.milliseconds)))
    }
  }

  /// Whether it is as good as a new one.
  func isSpent(at now: NIODeadline) -> Bool {
    now >= validUntil && refusal.map { now >= $0.until } ?? true
  }
}
