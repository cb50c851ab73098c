import CIMClient
import CIMCore
import CIMRoute
import CIMTestSupport
import NgRPC
import TestSupport
import Testing

@Suite("What a client does where rates are limited", .timeLimit(.minutes(1)))
struct RateLimitTests {
  @Test(
    "Whoever says too much waits and sends again: all of it comes, once and in order, at the rate of the limit"
  )
  func sends() async throws {
    try await Cluster.run(servers: 2, routes: 2) {
      $0.route = { $0.limits.user = RateLimit(50, per: .second, burst: 10)! }
    } _: { cluster in
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      let began = ContinuousClock.now
      let texts = (0..<60).map { "\($0)" }
      for text in texts { ann.client.post(text, to: .user(try bob.id)) }
      #expect(try await bob.texts(60) == texts)
      // 10 at once, and 50 each second.
      #expect(ContinuousClock.now - began >= .milliseconds(900))
      try await eventually("all are answered") { ann.client.info.unanswered == 0 }
      #expect(cluster.routes.reduce(0) { $0 + $1.node.statistics.limited } > 0)
    }
  }

  @Test("Calls whose rate is limited are made again when they may be; logins too, at the earliest then")
  func calls() async throws {
    try await Cluster.run {
      $0.route = {
        $0.limits.user = RateLimit(5, per: .second, burst: 1)!
        $0.limits.logins = RateLimit(2, per: .second, burst: 1)!
      }
    } _: { cluster in
      let began = ContinuousClock.now
      let ann = try await TestUser("ann", in: cluster)
      let bob = try await TestUser("bob", in: cluster)
      #expect(ContinuousClock.now - began >= .milliseconds(450), "the second login has to wait")
      let begin = ContinuousClock.now
      for text in ["a", "b", "c"] {
        _ = try await ann.client.schedule(text, to: .user(try bob.id), at: .after(milliseconds: 0))
      }
      #expect(ContinuousClock.now - begin >= .milliseconds(350))
      #expect(Set(try await bob.texts(3)) == ["a", "b", "c"])
    }
  }
}
