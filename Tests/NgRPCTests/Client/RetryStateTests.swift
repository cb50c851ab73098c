import NIOCore
import Testing

@testable import NgRPC

@Suite("Retries")
struct RetryStateTests {
  private let policy = RetryPolicy(
    maxAttempts: 4, initialBackoff: .seconds(1), maxBackoff: .seconds(3), backoffMultiplier: 2,
    retryableStatusCodes: [.unavailable])

  private func next(
    _ state: inout RetryState, _ outcome: RetryState.Outcome, _ policy: RetryPolicy?,
    _ throttle: inout RetryThrottle?
  ) -> RetryState.Decision {
    state.attemptEnded(outcome, policy: policy, throttle: &throttle, random: 0)
  }

  private func decisions(
    _ outcomes: [RetryState.Outcome], _ policy: RetryPolicy?, committed: Bool = false
  ) -> [RetryState.Decision] {
    var state = RetryState()
    if committed { state.commit() }
    var throttle: RetryThrottle?
    return outcomes.map { next(&state, $0, policy, &throttle) }
  }

  private let unavailable = RetryState.Outcome.status(.unavailable, .none)

  @Test("Waits grow up to the policy's bound, and the attempts have an end")
  func backoff() {
    #expect(
      decisions([unavailable, unavailable, unavailable, unavailable], policy)
        == [.after(.seconds(1)), .after(.seconds(2)), .after(.seconds(3)), .end])
  }

  @Test("No policy has more than five attempts")
  func limit() {
    var policy = policy
    policy.maxAttempts = 100
    #expect(decisions(Array(repeating: unavailable, count: 5), policy).filter { $0 == .end }.count == 1)
  }

  @Test("Other statuses, success and calls without a policy end at once")
  func ends() {
    #expect(decisions([.status(.notFound, .none)], policy) == [.end])
    #expect(decisions([.status(.ok, .none)], policy) == [.end])
    #expect(decisions([unavailable], nil) == [.end])
  }

  @Test("A committed call is not tried again, unless nothing of it was sent")
  func committed() {
    #expect(
      decisions([unavailable, .refused, .unsent], policy, committed: true) == [.end, .end, .transparently])
  }

  @Test("What was never sent is sent again any number of times, what was refused once, and neither counts")
  func transparent() {
    #expect(
      decisions([.unsent, .unsent, .refused, .unsent, .refused], nil)
        == [.transparently, .transparently, .transparently, .transparently, .end])
    #expect(
      decisions([.refused, .refused, unavailable, unavailable, unavailable], policy)
        == [.transparently, .after(.seconds(1)), .after(.seconds(2)), .after(.seconds(3)), .end])
  }

  @Test("The server's pushback sets the wait and begins the backoff anew; a negative one forbids the retry")
  func pushback() {
    #expect(
      decisions([unavailable, .status(.unavailable, .after(.milliseconds(7))), unavailable], policy)
        == [.after(.seconds(1)), .after(.milliseconds(7)), .after(.seconds(1))])
    #expect(decisions([.status(.unavailable, .never)], policy) == [.end])
  }

  @Test(
    "Pushback is read from the metadata",
    arguments: [
      ("0", RetryState.Pushback.after(.zero)), ("1500", .after(.milliseconds(1500))), ("-1", .never),
      ("soon", .never), ("", .never), ("99999999999999999999", .never),
    ])
  func parsing(text: String, pushback: RetryState.Pushback) {
    #expect(RetryState.Pushback([RetryState.Pushback.key: text]) == pushback)
    #expect(RetryState.Pushback([:]) == .none)
  }

  @Test("With half of the tokens gone there are no retries until calls succeed again")
  func throttling() {
    var throttle = Optional(RetryThrottle(RetryThrottling(maxTokens: 4, tokenRatio: 0.5)))
    func retries(_ throttle: inout RetryThrottle?) -> Bool {
      var state = RetryState()
      return next(&state, unavailable, policy, &throttle) != .end
    }
    let first = (retries(&throttle), retries(&throttle))
    #expect(first == (true, false))
    var state = RetryState()
    for _ in 0..<3 { _ = next(&state, .status(.ok, .none), policy, &throttle) }
    #expect(throttle?.allowsRetries == true)
    let second = (retries(&throttle), retries(&throttle))
    #expect(second == (true, false))
  }

  @Test("What was sent is held whole and in order")
  func replay() {
    var replay = ReplayBuffer()
    replay.append(ByteBuffer(string: "one"))
    replay.append(ByteBuffer(string: "two"))
    var buffer = ByteBuffer()
    replay.write(to: &buffer)
    #expect(String(buffer: buffer) == "onetwo")
    #expect(replay.byteCount == 6)
  }

  @Test("The closest configuration counts")
  func scopes() {
    let method = MethodDescriptor(service: "a.B", method: "C", kind: .unary)
    var config = ServiceConfig()
    #expect(config.config(for: method) == nil)
    config.methods[.all] = MethodConfig(timeout: .seconds(1))
    #expect(config.config(for: method)?.timeout == .seconds(1))
    config.methods[.service("a.B")] = MethodConfig(timeout: .seconds(2))
    #expect(config.config(for: method)?.timeout == .seconds(2))
    config.methods[.method(method)] = MethodConfig(waitForReady: true)
    #expect(config.config(for: method) == MethodConfig(waitForReady: true))
  }
}
