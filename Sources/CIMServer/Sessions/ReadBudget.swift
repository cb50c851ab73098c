import NIOCore

/// How many places up to which its user has read a client may say: each is looked up in the store, whether it exists or not.
struct ReadBudget: Sendable {
  /// How many at once; a client says 1000 conversations in one frame when it connects.
  static let burst = 2000.0
  /// How many each second after that.
  static let perSecond = 100.0

  private var left = Self.burst
  private var refilledAt: NIODeadline

  init(now: NIODeadline) { refilledAt = now }

  /// Takes one place.
  ///
  /// - Returns: false when there have been too many.
  mutating func take(at now: NIODeadline) -> Bool {
    let elapsed = Double((now - refilledAt).nanoseconds) / 1_000_000_000
    left = min(Self.burst, left + max(0, elapsed) * Self.perSecond)
    refilledAt = now
    guard left >= 1 else { return false }
    left -= 1
    return true
  }
}
