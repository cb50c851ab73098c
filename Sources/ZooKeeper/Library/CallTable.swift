import Synchronization

/// What a session waits for: the answers to its calls, and its watches.
final class CallTable: Sendable {
  private struct State {
    var calls: [ObjectIdentifier: any PendingCall] = [:]
    var kept: [any PendingCall] = []
    var watches: [UInt: Watch] = [:]
    var lastWatch: UInt = 0
  }

  private let state = Mutex(State())

  /// Notes a call that is about to be made.
  func insert(_ call: any PendingCall) {
    self.state.withLock { $0.calls[ObjectIdentifier(call)] = call }
  }

  /// Takes a call out in order to end it.
  ///
  /// - Parameter keepAlive: the library may still hold the call's address.
  /// - Returns: false when another has done so; then it must be left alone.
  func remove(_ call: any PendingCall, keepAlive: Bool = false) -> Bool {
    self.state.withLock { state in
      guard state.calls.removeValue(forKey: ObjectIdentifier(call)) != nil else { return false }
      if keepAlive { state.kept.append(call) }
      return true
    }
  }

  /// Ends everything. The library must be closed.
  func removeAll(failing code: ZooKeeperError.Code) {
    let left = self.state.withLock { state in
      defer { state = State() }
      return state.calls.values
    }
    for call in left { call.fail(code) }
  }

  /// Notes a watch.
  ///
  /// - Returns: its number, at least 1.
  func insert(_ watch: @escaping Watch) -> UInt {
    self.state.withLock { state in
      state.lastWatch += 1
      state.watches[state.lastWatch] = watch
      return state.lastWatch
    }
  }

  /// Takes a watch out; `nil` when it has seen something or was taken out before.
  @discardableResult
  func removeWatch(_ number: UInt) -> Watch? {
    self.state.withLock { $0.watches.removeValue(forKey: number) }
  }
}
