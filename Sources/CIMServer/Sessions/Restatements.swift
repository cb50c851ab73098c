import DequeModule

/// Which sessions of one event loop are to be stated again: a bounded number at a time, so that the store is not overrun.
struct Restatements: Sendable {
  private let maxInFlight: Int
  private var waiting: Deque<UInt64> = []
  private var inFlight: Set<UInt64> = []
  private var postponed: [UInt64] = []

  /// - Parameter maxInFlight: how many answers may be awaited.
  init(maxInFlight: Int) { self.maxInFlight = maxInFlight }

  /// All these are to be stated again.
  mutating func addAll(_ sessions: some Sequence<UInt64>) { waiting = Deque(sessions) }

  /// The session to be stated next; call it until it is nil.
  mutating func next() -> UInt64? {
    guard inFlight.count < maxInFlight, let session = waiting.popFirst() else { return nil }
    inFlight.insert(session)
    return session
  }

  /// A session was stated again, or is gone.
  ///
  /// - Returns: whether it was under way.
  mutating func ended(_ session: UInt64) -> Bool { inFlight.remove(session) != nil }

  /// A session could not be stated again now.
  mutating func postpone(_ session: UInt64) {
    inFlight.remove(session)
    postponed.append(session)
  }

  /// Time has passed: those that were postponed have their turn.
  mutating func retry() {
    waiting.append(contentsOf: postponed)
    postponed = []
  }
}
