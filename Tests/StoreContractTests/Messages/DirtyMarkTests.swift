import CIMCore
import Testing

@Suite("Dirty marks")
struct DirtyMarkTests {
  private let ada = Account.ada.id
  private let bob = Account.bob.id

  @Test("A mark is set for each of the users named, and for no other", arguments: StoreForm.all)
  func users(form: StoreForm) async throws {
    try await form.withStores(limits: .withoutLease) { stores in
      _ = try await stores.log.markDirty(.adaAndBob, for: [ada, bob])
      _ = try await stores.log.markDirty(.friends, for: [bob])
      _ = try await stores.log.markDirty(.friends, for: [])
      #expect(try await stores.log.dirtyMarks(of: ada, limit: 10).map(\.conversation) == [.adaAndBob])
      #expect(
        try await Set(stores.log.dirtyMarks(of: bob, limit: 10).map(\.conversation)) == [
          .adaAndBob, .friends,
        ])
      #expect(try await stores.log.dirtyMarks(of: UserID(3), limit: 10).isEmpty)
    }
  }

  @Test("The mark that was seen is cleared, once", arguments: StoreForm.all)
  func clear(form: StoreForm) async throws {
    try await form.withStores(limits: .withoutLease) { stores in
      _ = try await stores.log.markDirty(.adaAndBob, for: [ada, bob])
      let mark = try #require(try await stores.log.dirtyMarks(of: ada, limit: 10).first)
      #expect(try await stores.log.clearDirty(mark, of: ada))
      #expect(try await !stores.log.clearDirty(mark, of: ada))
      #expect(try await stores.log.dirtyMarks(of: ada, limit: 10).isEmpty)
      #expect(try await stores.log.dirtyMarks(of: bob, limit: 10).count == 1)
    }
  }

  @Test(
    "A mark that was set again since it was seen stays, even within one millisecond", arguments: StoreForm.all
  )
  func newerMark(form: StoreForm) async throws {
    try await form.withStores(limits: .withoutLease) { stores in
      for _ in 1...50 {
        _ = try await stores.log.markDirty(.adaAndBob, for: [ada])
        let seen = try #require(try await stores.log.dirtyMarks(of: ada, limit: 10).first)
        _ = try await stores.log.markDirty(.adaAndBob, for: [ada])
        #expect(try await !stores.log.clearDirty(seen, of: ada))
        let newer = try #require(try await stores.log.dirtyMarks(of: ada, limit: 10).first)
        #expect(newer.markedAt > seen.markedAt)
      }
    }
  }

  @Test("A mark's time is the store's", arguments: StoreForm.all)
  func time(form: StoreForm) async throws {
    try await form.withStores(limits: .withoutLease) { stores in
      let before = Timestamp.now().milliseconds
      _ = try await stores.log.markDirty(.adaAndBob, for: [ada])
      let mark = try #require(try await stores.log.dirtyMarks(of: ada, limit: 10).first)
      #expect((before...before + 60_000).contains(mark.markedAt.milliseconds))
    }
  }

  @Test("Marks come the longest unchanged first, and no more than asked for", arguments: StoreForm.all)
  func order(form: StoreForm) async throws {
    try await form.withStores(limits: .withoutLease) { stores in
      // Marking one conversation ever again pushes its time beyond any other's.
      for _ in 1...2_000 { _ = try await stores.log.markDirty(.friends, for: [ada]) }
      _ = try await stores.log.markDirty(.adaAndBob, for: [ada])
      let marks = try await stores.log.dirtyMarks(of: ada, limit: 10)
      #expect(marks.map(\.markedAt) == marks.map(\.markedAt).sorted())
      #expect(marks.count == 2)
      #expect(try await stores.log.dirtyMarks(of: ada, limit: 1) == [marks[0]])
    }
  }
}
