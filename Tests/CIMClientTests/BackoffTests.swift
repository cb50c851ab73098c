import TestSupport
import Testing

@testable import CIMClient

@Suite struct BackoffTests {
  @Test("Waits grow, are jittered, and stay within their bounds; a success begins anew")
  func growth() {
    for seed in 1...100 as ClosedRange<UInt64> {
      var random = SplitMix(seed: seed)
      var backoff = Backoff(.init(initial: .milliseconds(100), multiplier: 2, maximum: .seconds(1)))
      for bound in [100, 200, 400, 800, 1000, 1000] {
        let wait = backoff.next(using: &random)
        #expect(wait <= .milliseconds(bound) && wait >= .milliseconds(bound) / 5)
      }
      backoff.reset()
      let wait = backoff.next(using: &random)
      #expect(wait <= .milliseconds(100))
    }
  }

  @Test("Two clients do not wait alike")
  func jitter() {
    var random = SplitMix()
    var one = Backoff(.defaults)
    var other = Backoff(.defaults)
    let waits = (one.next(using: &random), other.next(using: &random))
    #expect(waits.0 != waits.1)
  }
}
