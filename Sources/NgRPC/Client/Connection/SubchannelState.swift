import NIOCore

/// Where the connection to one address stands: gRPC's "Connection Backoff Protocol". Pure.
struct SubchannelState {
  private enum State {
    case idle
    case connecting(since: NIODeadline)
    case ready
    case transientFailure
    case shutdown
  }

  private var state = State.idle
  private var failures = 0
  private let backoff: ConnectionBackoff

  init(backoff: ConnectionBackoff) { self.backoff = backoff }

  var connectivity: ConnectivityState {
    switch state {
    case .idle: .idle
    case .connecting: .connecting
    case .ready: .ready
    case .transientFailure: .transientFailure
    case .shutdown: .shutdown
    }
  }

  /// - Returns: whether to connect.
  mutating func connect(at now: NIODeadline) -> Bool {
    guard case .idle = state else { return false }
    state = .connecting(since: now)
    return true
  }

  /// The server's SETTINGS have come: the next failure is a first one.
  ///
  /// - Returns: false when the connection is not wanted any more.
  mutating func receivedSettings() -> Bool {
    guard case .connecting = state else { return false }
    state = .ready
    failures = 0
    return true
  }

  /// An attempt failed.
  ///
  /// - Parameter random: from -1 to 1.
  /// - Returns: how long to wait before ``backoffElapsed()``, or nil when no attempt was under way. Backoff counts from the
  ///   attempt's beginning, so there may be nothing left of it.
  mutating func connectFailed(at now: NIODeadline, random: Double) -> TimeAmount? {
    guard case .connecting(let start) = state else { return nil }
    failures += 1
    state = .transientFailure
    let delay = TimeAmount(backoff.delay(afterFailures: failures, random: random))
    return max(.zero, start + delay - now)
  }

  /// - Returns: whether it is idle from now on.
  mutating func backoffElapsed() -> Bool {
    guard case .transientFailure = state else { return false }
    state = .idle
    return true
  }

  /// The connection is gone, or takes no more calls.
  ///
  /// - Returns: whether it was the one in use.
  mutating func disconnected() -> Bool {
    guard case .ready = state else { return false }
    state = .idle
    return true
  }

  mutating func shutdown() { state = .shutdown }
}
