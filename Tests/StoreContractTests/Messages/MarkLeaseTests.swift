import CIMCore
import NIOCore
import TestSupport
import Testing

@Suite("The lease of a mark")
struct MarkLeaseTests {
  private let ada = Account.ada.id
  private let bob = Account.bob.id

  /// Short enough to wait for. What must be in time has the default, which no busy machine outlasts.
  private var short: MessageLogLimits {
    var limits = MessageLogLimits.defaults
    limits.markLeaseMilliseconds = 50
    limits.clockToleranceMilliseconds = 50
    return limits
  }

  private func saying(
    _ text: String, markedAt: Timestamp?, _ idempotency: Append.Idempotency = .none
  ) -> Append {
    Append(
      conversation: .adaAndBob, sender: .ada, idempotency: idempotency,
      content: .init(string: text), markedAt: markedAt)
  }

  @Test("Within the lease a message is appended, and from its end on it is not", arguments: StoreForm.all)
  func lease(form: StoreForm) async throws {
    try await form.withStores { stores in
      let markedAt = try await stores.log.markDirty(.adaAndBob, for: [bob])
      #expect(try await stores.log.append(saying("in time", markedAt: markedAt)).entry != nil)
    }
    try await form.withStores(limits: short) { stores in
      let markedAt = try await stores.log.markDirty(.adaAndBob, for: [bob])
      try await eventually("the lease is over") {
        try await stores.log.append(saying("late", markedAt: markedAt)) == .staleMark
      }
      let tail = try await stores.log.tail(of: .adaAndBob)
      #expect(try await stores.log.append(saying("late", markedAt: markedAt)) == .staleMark)
      #expect(try await stores.log.tail(of: .adaAndBob) == tail)
      try await eventually("a new mark allows it again") {
        let again = try await stores.log.markDirty(.adaAndBob, for: [bob])
        return try await stores.log.append(saying("marked again", markedAt: again)) != .staleMark
      }
    }
  }

  @Test("A stale mark consumes no number, and changes no answer that was given", arguments: StoreForm.all)
  func numbering(form: StoreForm) async throws {
    try await form.withStores { stores in
      let long = Timestamp(milliseconds: 1_000)
      let first = try #require(
        try await stores.log.append(saying("1", markedAt: nil, .producer(.outbox, counter: 1))).entry)
      let second = Append.Idempotency.producer(.outbox, counter: 2)
      #expect(try await stores.log.append(saying("2", markedAt: long, second)) == .staleMark)
      #expect(
        try await stores.log.append(saying("1", markedAt: long, .producer(.outbox, counter: 1)))
          == .accepted(first, duplicate: true, isReplicated: false))
      #expect(
        try await stores.log.append(saying("3", markedAt: long, .producer(.outbox, counter: 3)))
          == .gap(expected: 2))
      let mark = try await stores.log.markDirty(.adaAndBob, for: [bob])
      #expect(try await stores.log.append(saying("2", markedAt: mark, second)).entry?.position.seq == 2)
      let key = Append.Idempotency.key(try IdempotencyKey("k"))
      #expect(try await stores.log.append(saying("4", markedAt: long, key)) == .staleMark)
      #expect(try await stores.log.append(saying("4", markedAt: nil, key)).entry?.position.seq == 3)
    }
  }

  @Test(
    "A mark is cleared when its lease is over, not before, and nothing is appended under it by then",
    arguments: StoreForm.all)
  func clearing(form: StoreForm) async throws {
    try await form.withStores { stores in
      let markedAt = try #require(try await stores.log.markDirty(.adaAndBob, for: [bob]))
      let early = try #require(try await stores.log.dirtyMarks(of: bob, limit: 1).first)
      #expect(early == DirtyMark(conversation: .adaAndBob, markedAt: markedAt, isPastLease: false))
      #expect(try await !stores.log.clearDirty(early, of: bob))
    }
    try await form.withStores(limits: short) { stores in
      let markedAt = try await stores.log.markDirty(.adaAndBob, for: [bob])
      var mark: DirtyMark?
      try await eventually("the lease is over") {
        mark = try await stores.log.dirtyMarks(of: bob, limit: 1).first
        return mark?.isPastLease == true
      }
      #expect(try await stores.log.append(saying("late", markedAt: markedAt)) == .staleMark)
      #expect(try await stores.log.clearDirty(try #require(mark), of: bob))
      #expect(try await stores.log.dirtyMarks(of: bob, limit: 1).isEmpty)
    }
  }

  @Test("A mark that was past its lease and was set again is not cleared", arguments: StoreForm.all)
  func setAgain(form: StoreForm) async throws {
    try await form.withStores(limits: short) { stores in
      _ = try await stores.log.markDirty(.adaAndBob, for: [bob])
      try await eventually("the lease is over") {
        try await stores.log.dirtyMarks(of: bob, limit: 1).first?.isPastLease == true
      }
      let seen = try #require(try await stores.log.dirtyMarks(of: bob, limit: 1).first)
      let again = try await stores.log.markDirty(.adaAndBob, for: [bob])
      #expect(try await !stores.log.clearDirty(seen, of: bob))
      #expect(try await stores.log.dirtyMarks(of: bob, limit: 1).first?.markedAt == again)
    }
  }

  @Test("Of marks of several users those are cleared that are still the ones seen", arguments: StoreForm.all)
  func clearingMany(form: StoreForm) async throws {
    try await form.withStores(limits: .withoutLease) { stores in
      for conversation in [Conversation.adaAndBob, .adaAndCarol] {
        _ = try await stores.log.markDirty(conversation, for: [ada, bob])
      }
      let seen = try await stores.log.dirtyMarks(of: [ada, bob], olderThan: 0, limit: 10)
      _ = try await stores.log.markDirty(.adaAndBob, for: [bob])
      let removed = try await stores.log.clearDirty(seen)
      #expect(removed[ada]?.count == 2)
      #expect(removed[bob]?.map(\.conversation) == [.adaAndCarol])
      #expect(try await stores.log.clearDirty(seen).isEmpty)
      #expect(try await stores.log.clearDirty([:]).isEmpty)
      #expect(try await stores.log.dirtyMarks(of: bob, limit: 10).map(\.conversation) == [.adaAndBob])
    }
  }

  @Test("The time of several users' marks is the earliest, and none without users", arguments: StoreForm.all)
  func earliest(form: StoreForm) async throws {
    try await form.withStores { stores in
      // Bob's is pushed beyond the clock.
      for _ in 1...2_000 { _ = try await stores.log.markDirty(.adaAndBob, for: [bob]) }
      let markedAt = try await stores.log.markDirty(.adaAndBob, for: [bob, ada])
      #expect(try await stores.log.dirtyMarks(of: ada, limit: 1).first?.markedAt == markedAt)
      #expect(try await stores.log.markDirty(.adaAndBob, for: []) == nil)
    }
  }

  @Test("Marks of many users are found at once, those alone that are old enough", arguments: StoreForm.all)
  func many(form: StoreForm) async throws {
    try await form.withStores { stores in
      _ = try await stores.log.markDirty(.adaAndBob, for: [ada, bob])
      let nobody = UserID(9)
      #expect(
        try await stores.log.dirtyMarks(of: [ada, bob, nobody], olderThan: 60_000, limit: 10).isEmpty)
      try await eventually("the marks are 1.5 s old") {
        try await stores.log.dirtyMarks(of: [ada, bob, nobody], olderThan: 1_500, limit: 10).count == 2
      }
      _ = try await stores.log.markDirty(.adaAndCarol, for: [ada])
      let found = try await stores.log.dirtyMarks(of: [ada, bob], olderThan: 1_500, limit: 10)
      #expect(found.mapValues { $0.map(\.conversation) } == [ada: [.adaAndBob], bob: [.adaAndBob]])
    }
  }
}
