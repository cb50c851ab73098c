/// How fast a client sends whose rate the service has limited: pure, with the time as an argument.
///
/// A limit is the sender's, whichever conversation met it: nothing goes until the service takes something again. Then one message is on
/// its way, and one more with each that is accepted, until enough were that nothing is held back any more.
struct SendPace: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// Up to how many on their way the service is taken to limit the rate.
  private static let widest = 64

  /// Until when nothing goes.
  private(set) var pausedUntil: Instant?
  private var window: Int?

  /// Whether something may go. A pause that is over is forgotten.
  mutating func isOpen(at now: Instant) -> Bool {
    if let pausedUntil, now < pausedUntil { return false }
    self.pausedUntil = nil
    return true
  }

  /// How many may go besides those that are on their way; nil when that is not limited.
  func room(besides sent: Int) -> Int? { self.window.map { max(0, $0 - sent) } }

  /// The service has refused something, for at least that long.
  mutating func limited(for pause: Duration, now: Instant) {
    self.window = 1
    self.pausedUntil = max(self.pausedUntil ?? now, now + pause)
  }

  /// The service has taken something.
  mutating func accepted() {
    guard let window else { return }
    self.window = window < Self.widest ? window + 1 : nil
  }
}
