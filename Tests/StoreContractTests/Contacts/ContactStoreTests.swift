import CIMCore
import Testing

@Suite("Contact store")
struct ContactStoreTests {
  private let ada = Account.ada.id
  private let bob = Account.bob.id
  private let carol = UserID(3)

  @Test(
    "A note is for both, stays when it is noted again, and goes only while it is what was seen",
    arguments: StoreForm.all)
  func notes(form: StoreForm) async throws {
    try await form.withStores { stores in
      let (pair, other) = (UserPair(ada, bob), UserPair(ada, carol))
      try await stores.contacts.note(pair)
      try await stores.contacts.note(other)
      try await stores.contacts.note(UserPair(carol, carol))
      let noted = try await stores.contacts.contacts(of: ada)
      #expect(Set(noted.keys) == [pair, other])
      #expect(try await stores.contacts.contacts(of: bob).map(\.key) == [pair])
      #expect(try await stores.contacts.contacts(of: carol).count == 2)
      // One that is young stays, and so does one that was noted since.
      try await stores.contacts.forget(noted, of: ada, olderThan: 3_600_000)
      #expect(try await stores.contacts.contacts(of: ada).count == 2)
      try await stores.contacts.forget([pair: Timestamp(milliseconds: 1)], of: ada, olderThan: 0)
      #expect(try await stores.contacts.contacts(of: ada).count == 2)
      try await stores.contacts.forget(noted.filter { $0.key == pair }, of: ada, olderThan: 0)
      #expect(try await stores.contacts.contacts(of: ada).map(\.key) == [other])
      #expect(try await stores.contacts.contacts(of: bob).map(\.key) == [pair])
    }
  }

  @Test("While one of two blocks the other, neither says anything to the other", arguments: StoreForm.all)
  func blocks(form: StoreForm) async throws {
    try await form.withStores { stores in
      let before = try await stores.log.append(.saying("before", in: .adaAndBob, by: .bob))
      #expect(before.entry != nil)
      #expect(try await stores.contacts.block(bob, by: ada))
      #expect(try await !stores.contacts.block(bob, by: ada))
      #expect(
        try await stores.log.append(.saying("x", in: .adaAndBob, by: .bob)).refusal == .blocked)
      #expect(
        try await stores.log.append(.saying("x", in: .adaAndBob, by: .ada)).refusal == .blocking)
      #expect(try await stores.log.append(.saying("x", in: .adaAndCarol, by: .ada)).entry != nil)
      #expect(try await stores.log.append(.saying("x", in: .lobby, by: .bob)).entry != nil)

      #expect(try await stores.contacts.block(ada, by: bob))
      #expect(try await stores.contacts.unblock(bob, by: ada))
      #expect(try await !stores.contacts.unblock(bob, by: ada))
      #expect(
        try await stores.log.append(.saying("x", in: .adaAndBob, by: .ada)).refusal == .blocked)
      #expect(try await stores.contacts.unblock(ada, by: bob))
      #expect(try await stores.log.append(.saying("after", in: .adaAndBob, by: .bob)).entry != nil)
      #expect(
        try await stores.log.read(.adaAndBob, after: nil, limit: 10).map(\.text) == ["before", "after"])
    }
  }

  @Test("A refusal of the blocked consumes its number and is remembered", arguments: StoreForm.all)
  func remembered(form: StoreForm) async throws {
    try await form.withStores { stores in
      _ = try await stores.contacts.block(bob, by: ada)
      func say(_ counter: UInt64) async throws -> AppendOutcome {
        try await stores.log.append(
          .saying("\(counter)", in: .adaAndBob, by: .bob, .producer(.outbox, counter: counter)))
      }
      #expect(try await say(1).refusal == .blocked)
      _ = try await stores.contacts.unblock(bob, by: ada)
      #expect(try await say(1).refusal == .blocked)
      #expect(try await say(2).entry?.position.seq == 1)
    }
  }

  @Test("Whom a user blocks is listed page by page", arguments: StoreForm.all)
  func listing(form: StoreForm) async throws {
    try await form.withStores { stores in
      for other in [5, 3, 11, 2] as [UInt64] { _ = try await stores.contacts.block(UserID(other), by: ada) }
      _ = try await stores.contacts.unblock(UserID(3), by: ada)
      #expect(try await stores.contacts.blocked(by: ada, after: nil, limit: 2).map(\.rawValue) == [2, 5])
      #expect(try await stores.contacts.blocked(by: ada, after: UserID(5), limit: 2).map(\.rawValue) == [11])
      #expect(try await stores.contacts.blocked(by: bob, after: nil, limit: 2) == [])
      _ = try await stores.contacts.block(UserID(3), by: ada)
      #expect(
        try await stores.contacts.blocked(by: ada, after: nil, limit: 9).map(\.rawValue) == [2, 3, 5, 11])
    }
  }
}

extension AppendOutcome {
  fileprivate var refusal: Refusal? { if case .refused(let refusal) = self { refusal } else { nil } }
}
