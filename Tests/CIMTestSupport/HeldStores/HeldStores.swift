import CIMCore
import Synchronization
import TestSupport

/// Stores of which a test can hold, fail or count any single call, so that every order in which two things can happen can
/// be had on purpose.
///
///     let held = HeldStores(.inMemory())
///     let append = held.hold(.append, in: conversation)   // the next one, before it reaches the store
///     ...
///     try await append.reached()
///     append.release()
public final class HeldStores: Sendable {
  /// On which side of the store a call is held.
  public enum Side: Hashable, Sendable {
    /// It has not happened yet.
    case before
    /// It has happened, and its answer is on the way.
    case after
  }

  private struct Rule {
    let method: StoreCall.Method
    let user: UserID?
    let conversation: Conversation?
    let side: Side
    /// How many matching calls are let through before it.
    var skips: Int
    let held: HeldCall
  }

  private struct State {
    var rules: [Rule] = []
    /// All that were ever held.
    var held: [HeldCall] = []
    var calls: [StoreCall] = []
  }

  private let state = Mutex(State())

  /// The stores to work on.
  public var stores: Stores {
    Stores(
      accounts: HeldAccounts(inner: inner.accounts, gate: self),
      logins: HeldLogins(inner: inner.logins, gate: self),
      sessions: HeldSessions(inner: inner.sessions, gate: self),
      log: HeldLog(inner: inner.log, gate: self),
      cursors: HeldCursors(inner: inner.cursors, gate: self),
      groups: HeldGroups(inner: inner.groups, gate: self),
      delayed: HeldDelayed(inner: inner.delayed, gate: self),
      reads: HeldReads(inner: inner.reads, gate: self),
      contacts: HeldContacts(inner: inner.contacts, gate: self),
      limits: HeldTokens(inner: inner.limits, gate: self))
  }

  /// The stores behind them, whose calls nobody holds.
  public let inner: Stores

  /// Stands in front of stores.
  public init(_ inner: Stores) { self.inner = inner }

  /// Holds the next call of a method, or a later one.
  ///
  /// - Parameters:
  ///   - user: only a call that is about that user.
  ///   - conversation: only a call that is about that conversation.
  ///   - skipping: how many of those are let through before.
  ///   - side: before the call reaches the store, or when it has.
  public func hold(
    _ method: StoreCall.Method, of user: UserID? = nil, in conversation: Conversation? = nil,
    skipping: Int = 0, _ side: Side = .before
  ) -> HeldCall {
    let held = HeldCall("\(method)")
    state.withLock { state in
      state.held.append(held)
      state.rules.append(
        Rule(
          method: method, user: user, conversation: conversation, side: side, skips: skipping, held: held))
    }
    return held
  }

  /// Has the next call of a method fail, or a later one: as if the store had not heard it, or as if only its answer was
  /// lost.
  ///
  /// - Returns: the call, to wait until it is there.
  @discardableResult
  public func fail(
    _ method: StoreCall.Method, of user: UserID? = nil, in conversation: Conversation? = nil,
    skipping: Int = 0, _ side: Side = .before
  ) -> HeldCall {
    let held = hold(method, of: user, in: conversation, skipping: skipping, side)
    held.fail()
    return held
  }

  /// Lets everything go on that is held, and holds no more: for a test's end, whatever became of it.
  public func releaseAll() {
    let held = state.withLock { state in
      state.rules = []
      return state.held
    }
    for call in held { call.release() }
  }

  /// How many calls of a method have come.
  public func count(
    _ method: StoreCall.Method, of user: UserID? = nil, in conversation: Conversation? = nil
  ) -> Int {
    state.withLock { $0.calls.count { $0.matches(method, user, conversation) } }
  }

  /// Waits until so many calls of a method have come.
  public func waitFor(
    _ count: Int, _ method: StoreCall.Method, of user: UserID? = nil, in conversation: Conversation? = nil
  ) async throws {
    try await eventually("\(count) calls of \(method), not \(self.count(method, of: user, in: conversation))")
    {
      self.count(method, of: user, in: conversation) >= count
    }
  }

  /// Passes a call on to the store, held where a test wants it.
  func pass<Answer: Sendable>(
    _ call: StoreCall, _ body: () async throws(StoreError) -> Answer
  ) async throws(StoreError) -> Answer {
    let rule = take(call)
    if let rule, rule.side == .before { try await rule.held.stop() }
    let answer = try await body()
    if let rule, rule.side == .after { try await rule.held.stop() }
    return answer
  }

  /// Notes a call, and takes the first rule out that holds it.
  private func take(_ call: StoreCall) -> Rule? {
    state.withLock { state in
      state.calls.append(call)
      for index in state.rules.indices {
        let rule = state.rules[index]
        guard call.matches(rule.method, rule.user, rule.conversation) else { continue }
        if rule.skips == 0 { return state.rules.remove(at: index) }
        state.rules[index].skips -= 1
      }
      return nil
    }
  }
}
