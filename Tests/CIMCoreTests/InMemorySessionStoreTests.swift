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
      let session = try await store.open(user: UserID(1), device: device, on: server, loginGeneration: 1)
        .session
      epochs.append(session.epoch.rawValue)
      #expect(try await store.close(user: UserID(1), device: device, epoch: session.epoch))
    }
    #expect(epochs == [5, 6, 7])
  }
}
