import DequeModule

/// Which sessions of one event loop are to be stated again: a bounded number at a time, so that the store is not overrun.
struct Restatements: Sendable {
  private let maxInFlight: Int
  private var waiting: Deque<UInt64> = []
  /// The same, to be looked up.
  private var isWaiting: Set<UInt64> = []
  private var inFlight: Set<UInt64> = []
  /// Of those under way, the ones to be stated once more: what is under way may reach a store that is gone.
  private var again: Set<UInt64> = []
  private var postponed: [UInt64] = []

  /// - Parameter maxInFlight: how many answers may be awaited.
  init(maxInFlight: Int) { self.maxInFlight = maxInFlight }

  /// A session is to be stated again.
  mutating func add(_ session: UInt64) {
    if inFlight.contains(session) {
      again.insert(session)
    } else if isWaiting.insert(session).inserted {
      waiting.append(session)
    }
  }

  /// The session to be stated next; call it until it is nil.
  mutating func next() -> UInt64? {
    guard inFlight.count < maxInFlight, let session = waiting.popFirst() else { return nil }
    isWaiting.remove(session)
    inFlight.insert(session)
    return session
  }

  /// A session was stated again, or is gone.
  ///
  /// - Returns: whether it was under way.
  mutating func ended(_ session: UInt64) -> Bool {
    guard inFlight.remove(session) != nil else { return false }
    if again.remove(session) != nil { add(session) }
    return true
  }

  /// A session could not be stated again now.
  mutating func postpone(_ session: UInt64) {
    inFlight.remove(session)
    again.remove(session)
    postponed.append(session)
  }

  /// Time has passed: those that were postponed have their turn.
  mutating func retry() {
    for session in postponed { add(session) }
    postponed = []
  }
}
