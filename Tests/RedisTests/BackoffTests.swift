import NIOCore
import Testing

@testable import Redis

@Suite("Backoff")
struct BackoffTests {
  private func backoff(jitter: Double = 0) -> Backoff {
    Backoff(initial: .milliseconds(100), multiplier: 2, maximum: .milliseconds(500), jitter: jitter)
  }

  @Test("Waits grow from the first to the longest and stay there")
  func growsAndStays() {
    var backoff = backoff()
    let waits = (1...5).map { _ in backoff.next(random: 0) }
    #expect(waits == [100, 200, 400, 500, 500].map(TimeAmount.milliseconds))
  }

  @Test("A success begins anew with the first wait")
  func resets() {
    var backoff = backoff()
    _ = backoff.next(random: 0)
    _ = backoff.next(random: 0)
    backoff.reset()
    #expect(backoff.next(random: 0) == .milliseconds(100))
  }

  @Test(
    "Jitter shortens or prolongs a wait by its fraction", arguments: [(-1.0, 50), (0.0, 100), (1.0, 150)])
  func jitters(random: Double, milliseconds: Int64) {
    var backoff = backoff(jitter: 0.5)
    #expect(backoff.next(random: random) == .milliseconds(milliseconds))
  }

  @Test("A thousand failures overflow nothing")
  func manyFailures() {
    var backoff = backoff()
    for _ in 1...1000 { _ = backoff.next(random: 1) }
    #expect(backoff.next(random: 0) == .milliseconds(500))
  }
}
