import CIMCore
import NIOCore
import Testing

@testable import CIMRoute

@Suite("What of a log can't be had any more")
struct LogGapTests {
  private func at(_ seq: UInt64, epoch: UInt64 = 1) -> LogPosition { LogPosition(epoch: epoch, seq: seq) }

  private func entry(_ position: LogPosition, previous: LogPosition?) throws -> LogEntry {
    LogEntry(
      conversation: .lobby, position: position, previous: previous,
      sender: Account(id: UserID(1), name: try UserName("ann")), loggedAt: Timestamp(milliseconds: 1),
      sendID: nil, content: ByteBuffer())
  }

  @Test("A place that the next entry names as its predecessor is no loss, whether it is in the log or not")
  func trimmedExactly() throws {
    #expect(LogGap(after: at(5), first: try entry(at(6), previous: at(5)), tail: nil) == nil)
    #expect(LogGap(after: at(5), first: try entry(at(1, epoch: 2), previous: at(5)), tail: nil) == nil)
    #expect(LogGap(after: nil, first: try entry(at(1), previous: nil), tail: nil) == nil)
  }

  @Test("What was trimmed behind a place is named, with what follows")
  func trimmed() throws {
    #expect(
      LogGap(after: at(5), first: try entry(at(9), previous: at(8)), tail: nil)
        == LogGap(after: at(5), next: at(9), until: at(8)))
    #expect(
      LogGap(after: nil, first: try entry(at(9), previous: at(8)), tail: nil)
        == LogGap(after: nil, next: at(9), until: at(8)))
    #expect(LogGap(after: at(5), first: nil, tail: at(9)) == LogGap(after: at(5), next: nil, until: at(9)))
  }

  @Test("A log that went back is missing what the receiver has, and goes on behind what it kept")
  func rolledBack() throws {
    #expect(
      LogGap(after: at(100), first: try entry(at(1, epoch: 2), previous: at(90)), tail: nil)
        == LogGap(after: at(100), next: at(1, epoch: 2), until: at(90)))
    #expect(
      LogGap(after: at(100), first: nil, tail: at(90)) == LogGap(after: at(100), next: nil, until: at(90)))
    #expect(LogGap(after: at(100), first: nil, tail: nil) == LogGap(after: at(100), next: nil, until: nil))
    #expect(LogGap(after: at(100), first: nil, tail: at(100)) == nil)
  }

  @Test("Late, only what is more than the limit is left out")
  func late() {
    #expect(LogGap(after: at(10), tail: at(20), limit: 10) == nil)
    #expect(
      LogGap(after: at(9), tail: at(20), limit: 10) == LogGap(after: at(9), next: at(11), until: at(10)))
    #expect(LogGap(after: nil, tail: at(20), limit: 10) == LogGap(after: nil, next: at(11), until: at(10)))
    #expect(LogGap(after: at(90), tail: at(20), limit: 10) == nil)
    #expect(
      LogGap(after: at(90), tail: at(20, epoch: 2), limit: 10)
        == LogGap(after: at(90), next: at(11, epoch: 2), until: at(10, epoch: 2)))
    #expect(LogGap.needsCount(after: at(90), tail: at(5, epoch: 2), limit: 10))
    #expect(!LogGap.needsCount(after: at(90), tail: at(95), limit: 10))
  }

  @Test("A page ends at its number of entries, or at its bytes, and its first entry always fits")
  func pageSize() throws {
    func entry(bytes: Int) throws -> LogEntry {
      LogEntry(
        conversation: .lobby, position: at(1), previous: nil,
        sender: Account(id: UserID(1), name: try UserName("ann")), loggedAt: Timestamp(milliseconds: 1),
        sendID: nil, content: ByteBuffer(repeating: 1, count: bytes))
    }
    var few = PageSize(limit: 2)
    #expect(few.nextRead == 3)
    let small = try entry(bytes: 1)
    #expect([few.admit(small), few.admit(small), few.admit(small)] == [true, true, false])
    var large = PageSize(limit: 500)
    #expect(large.nextRead <= 200)
    let huge = try entry(bytes: PageSize.maxBytes + 1)
    #expect([large.admit(huge), large.admit(small)] == [true, false])
    #expect(large.nextRead == 1)
    #expect(PageSize(limit: 0).entries == 500)
    #expect(PageSize(limit: 9999).entries == 500)
  }
}
