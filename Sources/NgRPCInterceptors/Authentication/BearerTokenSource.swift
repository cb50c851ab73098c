import NgRPC
import Synchronization

/// The token that is in use, and the one attempt to get the next.
final class BearerTokenSource: Sendable {
  private struct State {
    var token: BearerToken?
    var attempt: Task<BearerToken, any Error>?
  }

  private let margin: Duration
  private let get: @Sendable () async throws -> BearerToken
  private let state = Mutex(State())

  init(margin: Duration, get: @escaping @Sendable () async throws -> BearerToken) {
    self.margin = margin
    self.get = get
  }

  /// The token, when there is one that does not expire soon.
  var current: BearerToken? {
    state.withLock { $0.token }.flatMap { token in
      guard let expiry = token.expiry else { return token }
      return ContinuousClock.now + margin < expiry ? token : nil
    }
  }

  /// A token that can be used: a new one when there is none.
  ///
  /// - Throws: UNAVAILABLE when it can't be got, UNAUTHENTICATED when it is malformed, CANCELLED when the waiting task is
  ///   cancelled; the attempt goes on for the others.
  func next() async throws -> BearerToken {
    if let current { return current }
    let attempt = state.withLock { state in
      if let attempt = state.attempt { return attempt }
      let attempt = Task { try await self.renew() }
      state.attempt = attempt
      return attempt
    }
    return try await attempt.valueUnlessCancelled
  }

  /// Forgets `token`, if it is still in use.
  func discard(_ token: BearerToken) {
    state.withLock { state in
      if state.token == token { state.token = nil }
    }
  }

  private func renew() async throws -> BearerToken {
    let outcome: Result<BearerToken, any Error>
    do {
      let token = try await get()
      guard BearerToken.isValid(token.value) else {
        throw RPCError(
          code: .unauthenticated,
          message: token.value.isEmpty
            ? "The bearer token is empty." : "The bearer token has characters that no token has: RFC 6750.")
      }
      outcome = .success(token)
    } catch let error as RPCError {
      outcome = .failure(error)
    } catch {
      outcome = .failure(RPCError(code: .unavailable, message: "There is no bearer token now.", cause: error))
    }
    state.withLock { state in
      state.attempt = nil
      state.token = try? outcome.get()
    }
    return try outcome.get()
  }
}

extension Task where Failure == any Error {
  /// The task's value; a waiter that is cancelled leaves, and the task goes on.
  fileprivate var valueUnlessCancelled: Success {
    get async throws {
      let outcome = AsyncThrowingStream<Success, any Error> { continuation in
        let wait = Task<Void, Never> {
          continuation.yield(with: await self.result)
          continuation.finish()
        }
        continuation.onTermination = { _ in wait.cancel() }
      }
      for try await value in outcome { return value }
      throw _Concurrency.CancellationError()
    }
  }
}
