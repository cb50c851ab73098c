import Testing

@testable import NgRPC

@Suite("How many calls begin at once")
struct CallStartsTests {
  private func begun(_ starts: inout CallStarts, flush: UInt32, overfull: Bool = false) -> Int {
    (0..<1000).count { _ in starts.take(afterFlush: flush, isOverfull: overfull) }
  }

  @Test("A few begin before the first flush, and twice as many after each, up to a bound")
  func grows() {
    var starts = CallStarts()
    #expect((0..<6).map { begun(&starts, flush: $0) } == [16, 32, 64, 128, 128, 128])
  }

  @Test("None begins while too much waits for the client, and few afterwards")
  func shrinks() {
    var starts = CallStarts()
    for flush in UInt32(0)..<6 { _ = begun(&starts, flush: flush) }
    #expect(begun(&starts, flush: 6, overfull: true) == 0)
    #expect(begun(&starts, flush: 7) == 32)
  }
}
