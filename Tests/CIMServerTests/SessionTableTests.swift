import CIMProtos
import Testing

@testable import CIMServer

@Suite("The table of sessions")
struct SessionTableTests {
  private let key = SessionKey(user: 1, device: "d")
  private let older = SessionAddress(shard: 0, number: 1)
  private let newer = SessionAddress(shard: 1, number: 1)

  private func reference(_ epoch: UInt64) -> CimV1.SessionRef {
    CimV1.SessionRef(userID: 1, deviceID: "d", sessionEpoch: epoch)
  }

  @Test("A later session of the device takes the place, an earlier one does not")
  func replacing() {
    var table = SessionTable()
    #expect(table.enter(key, epoch: 10, at: older) == .entered)
    #expect(table.enter(key, epoch: 20, at: newer) == .replaced(older))
    #expect(table.enter(key, epoch: 10, at: older) == .superseded)
    #expect(table.address(of: reference(20)) == newer)
    #expect(table.address(of: reference(10)) == nil)
    #expect(table.count == 1)
  }

  @Test("A late end of the older session does not remove the newer one")
  func lateEnd() {
    var table = SessionTable()
    _ = table.enter(key, epoch: 10, at: older)
    _ = table.enter(key, epoch: 20, at: newer)
    #expect(table.leave(key, at: older) == false)
    #expect(table.address(of: reference(20)) == newer)
    #expect(table.leave(key, at: newer) == true)
    #expect(table.count == 0)
  }

  @Test("A session that is stated again keeps its place under its new epoch")
  func restated() {
    var table = SessionTable()
    _ = table.enter(key, epoch: 10, at: older)
    #expect(table.enter(key, epoch: 30, at: older) == .entered)
    #expect(table.address(of: reference(30)) == older)
  }
}
