import NIOCore

/// When names are resolved again: not more often than an interval, and after a failure with backoff. Pure.
struct ResolutionSchedule {
  /// What to do.
  enum Action: Hashable {
    case nothing
    case resolve
    /// Call ``ResolutionSchedule/timeCame(at:)`` then.
    case wait(until: NIODeadline)
  }

  private enum State {
    case stopped
    case resolving(since: NIODeadline)
    /// Resolved; nobody has asked again.
    case rested(since: NIODeadline)
    case waiting
  }

  private var state = State.stopped
  private var failures = 0
  private let minInterval: TimeAmount
  private let backoff: ConnectionBackoff

  init(minInterval: TimeAmount, backoff: ConnectionBackoff) {
    self.minInterval = minInterval
    self.backoff = backoff
  }

  mutating func start(at now: NIODeadline) -> Action {
    guard case .stopped = state else { return .nothing }
    state = .resolving(since: now)
    return .resolve
  }

  /// Connections fail: what is known may be stale.
  mutating func request(at now: NIODeadline) -> Action {
    guard case .rested(let last) = state else { return .nothing }
    let earliest = last + minInterval
    guard now < earliest else {
      state = .resolving(since: now)
      return .resolve
    }
    state = .waiting
    return .wait(until: earliest)
  }

  mutating func timeCame(at now: NIODeadline) -> Action {
    guard case .waiting = state else { return .nothing }
    state = .resolving(since: now)
    return .resolve
  }

  mutating func succeeded() {
    guard case .resolving(let start) = state else { return }
    failures = 0
    state = .rested(since: start)
  }

  /// - Parameter random: from -1 to 1.
  mutating func failed(at now: NIODeadline, random: Double) -> Action {
    guard case .resolving = state else { return .nothing }
    failures += 1
    state = .waiting
    return .wait(until: now + TimeAmount(backoff.delay(afterFailures: failures, random: random)))
  }

  mutating func stop() {
    state = .stopped
    failures = 0
  }
}
