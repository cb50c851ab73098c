/// What a channel does about its connection. Pure: the channel carries it out.
struct ChannelState {
  private enum State {
    case idle
    case connecting(failures: Int)
    case ready
    case transientFailure(failures: Int, RPCError)
    case shutdown
  }

  private var state = State.idle
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

  /// What becomes of a new call.
  enum Call {
    case start
    case wait
    case connectAndWait
    case fail(RPCError)
  }

  mutating func call(waitForReady: Bool) -> Call {
    switch state {
    case .ready: return .start
    case .connecting: return .wait
    case .idle:
      state = .connecting(failures: 0)
      return .connectAndWait
    case .transientFailure(_, let error): return waitForReady ? .wait : .fail(error)
    case .shutdown: return .fail(Self.shutdownError)
    }
  }

  /// A connection is usable.
  ///
  /// - Returns: false when it is not wanted any more.
  mutating func connected() -> Bool {
    guard case .connecting = state else { return false }
    state = .ready
    return true
  }

  /// An attempt failed.
  ///
  /// - Returns: how long to wait before ``retry()``, or nil when no attempt was under way.
  mutating func connectFailed(_ error: RPCError, random: Double) -> Duration? {
    guard case .connecting(let failures) = state else { return nil }
    state = .transientFailure(failures: failures + 1, error)
    return backoff.delay(afterFailures: failures + 1, random: random)
  }

  /// The wait is over.
  ///
  /// - Returns: whether to connect.
  mutating func retry() -> Bool {
    guard case .transientFailure(let failures, _) = state else { return false }
    state = .connecting(failures: failures)
    return true
  }

  /// The connection in use is gone, or takes no more calls.
  ///
  /// - Parameter hasWaitingCalls: whether another is wanted at once.
  /// - Returns: whether to connect.
  mutating func disconnected(hasWaitingCalls: Bool) -> Bool {
    guard case .ready = state else { return false }
    state = hasWaitingCalls ? .connecting(failures: 0) : .idle
    return hasWaitingCalls
  }

  mutating func shutdown() { state = .shutdown }

  static let shutdownError = RPCError(code: .unavailable, message: "The channel was shut down.")
}
