import CIMProtos
import NIOCore
import Testing

@testable import CIMServer

@Suite("Reports that may not have arrived")
struct RecentReportsTests {
  @Test("Those of the last seconds are taken, once; older ones have arrived")
  func age() {
    var reports = RecentReports(maxAge: .seconds(7))
    let start = NIODeadline.uptimeNanoseconds(0)
    for second in 0..<10 as Range<Int64> {
      reports.add(CimV1.SessionRef(userID: UInt64(second)), at: start + .seconds(second))
    }
    #expect(reports.takeAll(at: start + .seconds(12)).map(\.userID) == [5, 6, 7, 8, 9])
    #expect(reports.takeAll(at: start + .seconds(12)).isEmpty)
  }
}
