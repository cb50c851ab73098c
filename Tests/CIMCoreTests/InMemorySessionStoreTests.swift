import CIMCore
import Testing

@Suite("Sessions in memory")
struct InMemorySessionStoreTests {
  @Test("A device that comes back within the same millisecond gets a greater epoch")
  func sameMillisecond() async throws {
    let store = InMemorySessionStore(clock: { Timestamp(milliseconds: 5) })
    let device = try DeviceID("phone")
    let server = try #require(ServerInstance("s1#a"))
    var epochs: [UInt64] = []
    for _ in 0..<3 {
      let opening = try await store.open(
        UserDevice(user: UserID(1), device: device), kind: .unnamed, loginGeneration: 1, on: server,
        admission: Admission(.all))
      guard case .opened(let opened) = opening else {
        Issue.record("it was not opened")
        return
      }
      let session = opened.session
      epochs.append(session.epoch.rawValue)
      #expect(try await store.close(user: UserID(1), device: device, epoch: session.epoch))
    }
    #expect(epochs == [5, 6, 7])
  }
}
