import CIMCore
import Testing

@testable import CIMClient

@Suite struct SeenPositionsTests {
  private func position(_ seq: UInt64, epoch: UInt64 = 5) -> LogPosition {
    LogPosition(epoch: epoch, seq: seq)
  }

  @Test("A message is shown once, however often and in whichever order it comes")
  func once() {
    var seen = SeenPositions(first: self.position(10))
    let arrivals: [UInt64] = [12, 11, 12, 10, 13, 11, 13]
    let shown = arrivals.filter { seen.insert(self.position($0)) }
    #expect(shown == [12, 11, 13])
    #expect(seen.last == self.position(13))
  }

  @Test("63 places back a late message is still new; further back it counts as shown")
  func window() {
    var seen = SeenPositions(first: self.position(1000))
    let shown = [937, 937, 936].filter { seen.insert(self.position($0)) }
    #expect(shown == [937])
  }

  @Test("A leap forgets what was before the window")
  func leap() {
    var seen = SeenPositions(first: self.position(1))
    let shown = [500, 499, 1].filter { seen.insert(self.position($0)) }
    #expect(shown == [500, 499])
  }

  @Test("A later epoch begins anew, an earlier one is past")
  func epochs() {
    var seen = SeenPositions(first: self.position(100))
    let arrivals = [self.position(1, epoch: 6), self.position(101, epoch: 5)]
    let shown = arrivals.filter { seen.insert($0) }
    #expect(shown == [self.position(1, epoch: 6)])
    #expect(seen.last == self.position(1, epoch: 6))
  }
}
