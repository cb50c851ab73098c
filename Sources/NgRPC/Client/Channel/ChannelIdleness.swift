import NIOCore

/// When a channel has had no calls for so long that it lets go of its connections. Pure, and without a timer per call.
struct ChannelIdleness {
  private let timeout: TimeAmount?
  private var calls = 0
  private var lastEnd: NIODeadline?

  /// - Parameter timeout: nil: never.
  init(timeout: TimeAmount?) { self.timeout = timeout }

  var hasCalls: Bool { calls > 0 }

  /// The channel leaves idleness, which may be without a call.
  mutating func begin(at now: NIODeadline) { lastEnd = now }

  mutating func callStarted() { calls += 1 }

  mutating func callEnded(at now: @autoclosure () -> NIODeadline) {
    calls -= 1
    if calls == 0, timeout != nil { lastEnd = now() }
  }

  /// When it is worth to look again.
  func checkTime(from now: NIODeadline) -> NIODeadline? {
    guard let timeout else { return nil }
    guard calls == 0, let lastEnd else { return now + timeout }
    return lastEnd + timeout
  }

  func isIdle(at now: NIODeadline) -> Bool {
    guard let timeout, calls == 0 else { return false }
    return lastEnd.map { now >= $0 + timeout } ?? true
  }
}
