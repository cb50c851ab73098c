import Synchronization

/// Buckets of tokens that live and die with the process.
public final class InMemoryTokenStore: TokenStore {
  private struct State {
    var buckets: [TokenSubject: TokenBucket] = [:]
    /// At how many buckets the full ones are looked for.
    var sweepAt = 1024
  }

  private let clock: @Sendable () -> Timestamp
  private let state = Mutex(State())

  /// Creates a store in which all buckets are full.
  ///
  /// - Parameter clock: tells the store's time.
  public init(clock: @escaping @Sendable () -> Timestamp = Timestamp.now) { self.clock = clock }

  public func take(_ count: Int, by demand: TokenDemand) async throws(StoreError) -> TokenGrant {
    let now = self.clock().milliseconds * 1000
    return self.state.withLock { state in
      let buckets = demand.parts.map { state.buckets[$0.subject] ?? TokenBucket() }
      var granted = count
      var longest: (subject: TokenSubject, wait: UInt64)?
      for (part, bucket) in zip(demand.parts, buckets) {
        granted = min(granted, bucket.tokens(part.limit, at: now))
        let wait = bucket.wait(part.limit, at: now)
        if wait > longest?.wait ?? 0 { longest = (part.subject, wait) }
      }
      if let longest {
        return .refused(TokenRefusal(longest.subject, milliseconds: (longest.wait + 999) / 1000))
      }
      for (part, var bucket) in zip(demand.parts, buckets) {
        bucket.take(granted, part.limit, at: now)
        state.buckets[part.subject] = bucket
      }
      Self.sweep(&state, at: now)
      return .granted(granted)
    }
  }

  private static func sweep(_ state: inout State, at now: UInt64) {
    guard state.buckets.count > state.sweepAt else { return }
    state.buckets = state.buckets.filter { $0.value.fullAt > now }
    state.sweepAt = max(1024, 2 * state.buckets.count)
  }

  public func ping() async throws(StoreError) {}
}
