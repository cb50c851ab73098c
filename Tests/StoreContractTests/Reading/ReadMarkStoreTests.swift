import CIMCore
import Testing

@Suite("Read mark store")
struct ReadMarkStoreTests {
  private let ada = Account.ada.id
  private let bob = Account.bob.id

  private func position(_ epoch: UInt64, _ seq: UInt64) -> LogPosition {
    LogPosition(epoch: epoch, seq: seq)
  }

  @Test("Marks are the user's, and looked up for many at once", arguments: StoreForm.all)
  func lookup(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.reads.advance([:]) == [])
      #expect(try await stores.reads.marks(of: []) == [:])
      _ = try await stores.reads.advance([
        ada: [.adaAndBob: position(1, 5), .friends: position(1, 2)], bob: [.adaAndBob: position(1, 3)],
      ])
      let all = try await stores.reads.marks(of: [ada, bob, UserID(3)])
      #expect(
        all == [
          ada: [.adaAndBob: position(1, 5), .friends: position(1, 2)], bob: [.adaAndBob: position(1, 3)],
        ])
      let some = try await stores.reads.marks(of: [ada, bob, UserID(3)], in: .friends)
      #expect(some == [ada: position(1, 2)])
    }
  }

  @Test("Marks never go back, and what moved is told with where it was", arguments: StoreForm.all)
  func upwards(form: StoreForm) async throws {
    try await form.withStores { stores in
      let steps: [(LogPosition, LogPosition?, LogPosition)] = [
        (position(10, 9), nil, position(10, 9)), (position(10, 9), position(10, 9), position(10, 9)),
        (position(10, 10), position(10, 9), position(10, 10)),
        (position(10, 2), position(10, 10), position(10, 10)),
        (position(9, 100), position(10, 10), position(10, 10)),
        (position(11, 1), position(10, 10), position(11, 1)),
        (position(.max, .max), position(11, 1), position(.max, .max)),
      ]
      for (step, before, after) in steps {
        let moves = try await stores.reads.advance([ada: [.adaAndBob: step]])
        let moved = [MarkMove(of: ada, in: .adaAndBob, from: before, to: step)]
        #expect(moves == (before == after ? [] : moved))
        #expect(try await stores.reads.marks(of: [ada], in: .adaAndBob) == [ada: after])
      }
    }
  }

  @Test("Of 50 at once the furthest stands, and each step is told once", arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let ada = ada
      let moves = try await concurrently(50) { index in
        try await stores.reads.advance([
          ada: [.adaAndBob: LogPosition(epoch: 1, seq: UInt64(index) + 1)]
        ])
      }
      #expect(try await stores.reads.marks(of: [ada], in: .adaAndBob) == [ada: position(1, 50)])
      let told = moves.joined().sorted { $0.position < $1.position }
      #expect(told.first?.previous == nil && told.last?.position == position(1, 50))
      for (earlier, later) in zip(told, told.dropFirst()) { #expect(later.previous == earlier.position) }
    }
  }
}
