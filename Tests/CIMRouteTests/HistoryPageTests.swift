import CIMCore
import NIOCore
import Testing

@testable import CIMRoute

@Suite("A page of history")
struct HistoryPageTests {
  private func entries(_ sizes: [Int]) throws -> [LogEntry] {
    let ann = Account(id: UserID(1), name: try UserName("ann"))
    return sizes.enumerated().map { index, size in
      LogEntry(
        conversation: .lobby, position: LogPosition(epoch: 1, seq: UInt64(index) + 1), previous: nil,
        sender: ann,
        loggedAt: Timestamp(milliseconds: 1), sendID: nil,
        content: ByteBuffer(repeating: 0, count: size))
    }
  }

  @Test("It has the newest entries that fit together, in order, and always one")
  func fits() throws {
    let mebibyte = 1024 * 1024
    for (sizes, expected) in [
      ([], []), ([1, 2, 3], [1, 2, 3]), ([mebibyte, mebibyte, mebibyte, mebibyte], [2, 3, 4]),
      ([1, 4 * mebibyte], [2]), ([3 * mebibyte, 1], [2]),
    ] as [([Int], [UInt64])] {
      #expect(HistoryPage.latest(of: try entries(sizes)).map(\.position.seq) == expected)
    }
  }

  @Test("Read forward it has the oldest entries that fit together, and always one")
  func fitsForward() throws {
    let mebibyte = 1024 * 1024
    for (sizes, expected) in [
      ([], []), ([1, 2, 3], [1, 2, 3]), ([mebibyte, mebibyte, mebibyte, mebibyte], [1, 2, 3]),
      ([4 * mebibyte, 1], [1]), ([1, 3 * mebibyte], [1]),
    ] as [([Int], [UInt64])] {
      #expect(HistoryPage.earliest(of: try entries(sizes)).map(\.position.seq) == expected)
    }
  }
}
