import NIOCore

/// Keeps one end of a link alive, and notices when the other end is gone: a half-open connection says nothing.
package struct LinkHeartbeat: Sendable {
  /// When to speak, and when to give up.
  package struct Timing: Sendable, Hashable {
    /// A sign of life is sent when nothing was sent for this long.
    package var pingAfter: TimeAmount
    /// The link is down when nothing was received for this long.
    package var downAfter: TimeAmount

    package init(pingAfter: TimeAmount, downAfter: TimeAmount) {
      self.pingAfter = pingAfter
      self.downAfter = downAfter
    }

    /// 1 s and 3 s: what push.proto states.
    package static let defaults = Timing(pingAfter: .seconds(1), downAfter: .seconds(3))

    /// How often to call `check`: a quarter of the shorter time.
    package var checkEvery: TimeAmount { .nanoseconds(max(1, min(pingAfter, downAfter).nanoseconds / 4)) }
  }

  /// What is to be done at a moment.
  package enum Verdict: Sendable, Hashable {
    case nothing
    case ping
    case down
  }

  private let timing: Timing
  private var lastReceived: NIODeadline
  private var lastSent: NIODeadline

  /// Begins with a link that has just been opened.
  package init(timing: Timing, now: NIODeadline) {
    self.timing = timing
    lastReceived = now
    lastSent = now
  }

  /// Whether nothing has come for too long. A process that slept through that finds what waited for it before its timer runs:
  /// the other end has given the link up, and has asked elsewhere for what is read only now.
  package func isDown(at now: NIODeadline) -> Bool { now >= lastReceived + timing.downAfter }

  /// Something came from the other end.
  package mutating func received(at now: NIODeadline) { lastReceived = now }

  /// Something was sent to the other end.
  package mutating func sent(at now: NIODeadline) { lastSent = now }

  /// What is to be done now; a ping counts as sent.
  package mutating func check(at now: NIODeadline) -> Verdict {
    if isDown(at: now) { return .down }
    guard now >= lastSent + timing.pingAfter else { return .nothing }
    lastSent = now
    return .ping
  }
}
