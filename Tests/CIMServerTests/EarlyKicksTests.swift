import CIMProtos
import NIOCore
import Testing

@testable import CIMServer

@Suite("Kicks for sessions that are not here yet")
struct EarlyKicksTests {
  private let start = NIODeadline.uptimeNanoseconds(0)

  private func session(_ epoch: UInt64) -> CimV1.SessionRef {
    CimV1.SessionRef(userID: 1, deviceID: "d", sessionEpoch: epoch)
  }

  @Test("A kick waits for its very session")
  func waits() {
    var kicks = EarlyKicks(maxAge: .seconds(10), capacity: 9)
    kicks.add(.replaced, for: session(5), at: start)
    #expect(kicks.kick(for: session(6), at: start) == nil)
    #expect(kicks.kick(for: session(5), at: start + .seconds(10)) == .replaced)
  }

  @Test("What is too old and what is too much is forgotten")
  func bounds() {
    var kicks = EarlyKicks(maxAge: .seconds(10), capacity: 2)
    for epoch in 1...3 as ClosedRange<UInt64> { kicks.add(.replaced, for: session(epoch), at: start) }
    #expect(kicks.kick(for: session(1), at: start) == nil)
    #expect(kicks.kick(for: session(3), at: start) == .replaced)
    #expect(kicks.kick(for: session(3), at: start + .seconds(11)) == nil)
  }
}
