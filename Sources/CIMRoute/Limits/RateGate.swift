import CIMCore
import DequeModule
import NIOCore
import Synchronization

/// Lets through what has a token, in the order in which it came.
///
/// Most of what comes is answered at once, from tokens that this route has leased, or because it is known for how long there are none.
/// Only now and then the shared buckets are asked, by one script for all that waits.
final class RateGate: Sendable {
  /// What becomes of something that is held to a limit.
  enum Admission: Sendable {
    /// It may be done.
    case admitted
    /// It may not, for a time.
    case refused(TokenRefusal)
    /// Nobody knows: the store is away, or too much waits for it.
    case unknown(String)
  }

  private typealias Waiter = @Sendable (Admission) -> Void

  private struct Entry {
    var lease: TokenLease
    /// What waits for the one that asks the store; nil when nobody does.
    var waiting: Deque<Waiter>?
  }

  private struct State {
    var entries: [TokenDemand: Entry] = [:]
    /// At how many entries those are looked for that are of no more use.
    var sweepAt = 1024
  }

  /// How many may wait for one demand.
  private static let capacity = 1024

  private let store: any TokenStore
  private let counters: RouteCounters
  private let state = Mutex(State())
  private let activity = Activity()

  init(store: any TokenStore, counters: RouteCounters) {
    self.store = store
    self.counters = counters
  }

  /// Asks for a token.
  ///
  /// - Parameters:
  ///   - demand: nil for what is free.
  ///   - answer: called once: at once, or from any thread; in the order of the calls for the same demand.
  func admit(_ demand: TokenDemand?, _ answer: @escaping @Sendable (Admission) -> Void) {
    guard let demand else { return answer(.admitted) }
    enum Step { case answer(Admission), ask, wait }
    let step: Step = state.withLock { state in
      if let count = state.entries[demand]?.waiting?.count {
        guard count < Self.capacity else { return .answer(.unknown("Too much waits for its turn.")) }
        state.entries[demand]?.waiting?.append(answer)
        return .wait
      }
      var entry = state.entries[demand] ?? Entry(lease: TokenLease(for: demand))
      defer { state.entries[demand] = entry }
      switch entry.lease.take(at: .now()) {
      case .taken: return .answer(.admitted)
      case .refused(let refusal): return .answer(.refused(refusal))
      case .ask:
        entry.waiting = [answer]
        Self.sweep(&state)
        return .ask
      }
    }
    switch step {
    case .answer(let admission): self.answer(answer, admission)
    case .ask:
      activity.begin()
      Task { await self.work(for: demand) }
    case .wait: break
    }
  }

  /// Asks for a token, and waits for the answer.
  func admit(_ demand: TokenDemand?) async -> Admission {
    await withCheckedContinuation { continuation in
      admit(demand) { continuation.resume(returning: $0) }
    }
  }

  /// Gives a token back that was not needed after all. It is lost when its lease is over.
  func giveBack(_ demand: TokenDemand?) {
    guard let demand else { return }
    state.withLock { $0.entries[demand]?.lease.giveBack(at: .now()) }
  }

  /// Returns when nothing waits.
  func waitUntilIdle() async { await activity.waitUntilIdle() }

  // MARK: Asking the store

  private func work(for demand: TokenDemand) async {
    defer { activity.end() }
    while let (answers, count) = next(for: demand) {
      for (waiter, admission) in answers { answer(waiter, admission) }
      guard count > 0 else { continue }
      do throws(StoreError) {
        let grant = try await store.take(count, by: demand)
        state.withLock { $0.entries[demand]?.lease.received(grant, at: .now()) }
      } catch {
        let waiting = state.withLock { state in
          let waiting = state.entries[demand]?.waiting ?? []
          state.entries[demand]?.waiting = []
          return waiting
        }
        for waiter in waiting { waiter(.unknown(error.message)) }
      }
    }
  }

  /// What those are answered that wait, and how many tokens to ask for on behalf of the others; nil when nothing waits any more.
  /// Nobody overtakes: until nil was returned, whoever comes has to wait.
  private func next(for demand: TokenDemand) -> (answers: [(Waiter, Admission)], count: Int)? {
    state.withLock { state in
      guard var entry = state.entries[demand], var waiting = entry.waiting else { return nil }
      defer { state.entries[demand] = entry }
      guard !waiting.isEmpty else {
        entry.waiting = nil
        return nil
      }
      let now = NIODeadline.now()
      var answers: [(Waiter, Admission)] = []
      var count = 0
      while count == 0, let waiter = waiting.first {
        switch entry.lease.take(at: now) {
        case .taken: answers.append((waiter, .admitted))
        case .refused(let refusal): answers.append((waiter, .refused(refusal)))
        case .ask(let size):
          count = max(size, waiting.count)
          continue
        }
        waiting.removeFirst()
      }
      entry.waiting = waiting
      return (answers, count)
    }
  }

  private func answer(_ waiter: Waiter, _ admission: Admission) {
    if case .refused = admission { counters.limited.count() }
    waiter(admission)
  }

  private static func sweep(_ state: inout State) {
    guard state.entries.count > state.sweepAt else { return }
    let now = NIODeadline.now()
    state.entries = state.entries.filter { $0.value.waiting != nil || !$0.value.lease.isSpent(at: now) }
    state.sweepAt = max(1024, 2 * state.entries.count)
  }
}
