import CIMCore
import TestSupport
import Testing

@Suite("Stores in memory that pretend to fail over")
struct NewStoreTests {
  @Test("Another store begins a new epoch that names the last entry; the identity is told")
  func newEpoch() async throws {
    let memory = InMemoryStores()
    let log = memory.stores.log
    var identities = memory.stores.sessions.identities().makeAsyncIterator()
    let identity = await identities.next()
    let first = try #require(try await log.append(.saying("1")).entry)
    memory.failOver()
    #expect(await identities.next() != identity)
    let second = try #require(try await log.append(.saying("2")).entry)
    #expect(second.previous == first.position)
    #expect(second.position.epoch > first.position.epoch)
    #expect(second.position.seq == 1)
    let third = try #require(try await log.append(.saying("3")).entry)
    #expect(third.position == LogPosition(epoch: second.position.epoch, seq: 2))
  }

  @Test("A store that lost the latest never gives a lost position to another entry")
  func rollback() async throws {
    let memory = InMemoryStores()
    let stores = memory.stores
    let kept = try #require(try await stores.log.append(.saying("kept")).entry)
    let copy = memory.copy()
    let lost = try #require(try await stores.log.append(.saying("lost")).entry)
    let session = try await stores.sessions.open(
      user: UserID(1), device: .phone, on: .one, loginGeneration: 1)
    memory.failOver(to: copy)
    #expect(try await stores.sessions.sessions(of: [UserID(1)]).isEmpty)
    #expect(try await stores.sessions.restate(session.session) == .stands)
    let next = try #require(try await stores.log.append(.saying("next")).entry)
    #expect(next.previous == kept.position)
    #expect(next.position > lost.position)
    #expect(next.position.epoch > lost.position.epoch)
    #expect(try await stores.log.read(.lobby, after: nil, limit: 10) == [kept, next])
  }
}
