import NIOCore
import Testing

@testable import CIMRoute

@Suite("The pauses between tries to link")
struct LinkBackoffTests {
  @Test("They grow to the longest and stay there")
  func growth() {
    let backoff = LinkBackoff(initial: .milliseconds(100), maximum: .seconds(1))
    let pauses = (1...8).map { backoff.delay(afterFailures: $0, random: 0.5) }
    #expect(pauses.first == .milliseconds(100))
    #expect(pauses == pauses.sorted())
    #expect(pauses.last == .seconds(1))
    #expect(backoff.delay(afterFailures: 1_000_000, random: 0.5) == .seconds(1))
  }

  @Test("They vary by a fifth up and down")
  func jitter() {
    let backoff = LinkBackoff(initial: .milliseconds(100), maximum: .seconds(1))
    #expect(backoff.delay(afterFailures: 1, random: 0) == .milliseconds(80))
    #expect(backoff.delay(afterFailures: 1, random: 1) == .milliseconds(120))
  }
}
