import CIMCore
import Testing

@Suite("A log's end")
struct LogEndTests {
  private func position(_ epoch: UInt64, _ seq: UInt64) -> LogPosition {
    LogPosition(epoch: epoch, seq: seq)
  }

  @Test("What follows a place is counted across epochs, whether the log has the place or has lost it")
  func count() {
    let end = LogEnd(
      position: position(30, 5), loggedAt: Timestamp(milliseconds: 0),
      formerEpochs: [position(10, 100), position(20, 7)])
    let cases: [(LogPosition, UInt64)] = [
      (.beginning, 112), (position(5, 3), 112), (position(10, 1), 111), (position(10, 100), 12),
      // Lost with the store that had them.
      (position(10, 130), 12), (position(15, 4), 12), (position(20, 6), 6), (position(20, 7), 5),
      (position(30, 0), 5), (position(30, 1), 4), (position(30, 5), 0), (position(30, 6), 0),
      (position(31, 1), 0),
    ]
    for (place, count) in cases { #expect(end.count(after: place) == count, "after \(place)") }
  }

  @Test("Who says something has seen what stands before it")
  func seen() {
    let (ann, bob) = (UserID(1), UserID(2))
    let end = LogEnd(
      position: position(1, 9), loggedAt: Timestamp(milliseconds: 0), lastOwn: [ann: position(1, 6)])
    #expect(end.seen(by: ann, read: nil) == position(1, 6))
    #expect(end.seen(by: ann, read: position(1, 4)) == position(1, 6))
    #expect(end.seen(by: ann, read: position(1, 8)) == position(1, 8))
    #expect(end.seen(by: bob, read: position(1, 8)) == position(1, 8))
    #expect(end.seen(by: bob, read: nil) == .beginning)
  }
}
