import CIMCore
import TestSupport
import Testing

@Suite("Idempotency key")
struct IdempotencyKeyTests {
  private let order = try! Append.Idempotency.key(IdempotencyKey("order 4711"))

  @Test(
    "A message under a known key is answered as before, and nothing is appended", arguments: StoreForm.all)
  func known(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try await stores.log.append(.saying("shipped", order))
      let entry = try #require(first.entry)
      #expect(first == .accepted(entry, duplicate: false, isReplicated: false))
      #expect(entry.sendID == nil)
      #expect(
        try await stores.log.append(.saying("again", order))
          == .accepted(entry, duplicate: true, isReplicated: false))
      #expect(
        try await stores.log.append(.saying("again", order, refusal: .nobody))
          == .accepted(entry, duplicate: true, isReplicated: false))
      #expect(try await stores.log.tail(of: .lobby)?.seq == 1)
    }
  }

  @Test("Of 50 calls under one key at once, one appends and all name its entry", arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let order = order
      let outcomes = try await concurrently(50) { _ in try await stores.log.append(.saying("shipped", order))
      }
      #expect(Set(outcomes.map(\.entry)).count == 1)
      #expect(outcomes.count { $0 == .accepted($0.entry!, duplicate: false, isReplicated: false) } == 1)
      #expect(try await stores.log.tail(of: .lobby)?.seq == 1)
    }
  }

  @Test("A key counts per sender and conversation", arguments: StoreForm.all)
  func scope(form: StoreForm) async throws {
    try await form.withStores { stores in
      for append in [
        Append.saying("shipped", order), .saying("shipped", by: .bob, order),
        .saying("shipped", in: .adaAndCarol, order),
      ] {
        let outcome = try await stores.log.append(append)
        #expect(outcome == .accepted(try #require(outcome.entry), duplicate: false, isReplicated: false))
      }
    }
  }

  @Test("Keys are told apart by their bytes, whatever is in them", arguments: StoreForm.all)
  func oddKeys(form: StoreForm) async throws {
    try await form.withStores { stores in
      let keys = [
        "1", "01", "a:b", "2:1", "\u{E9}", "e\u{301}", "\0", "\r\n", String(repeating: "k", count: 64),
      ]
      for key in keys {
        let idempotency = Append.Idempotency.key(try IdempotencyKey(key))
        #expect(try await stores.log.append(.saying(key, idempotency)).entry?.text == key)
        #expect(try await stores.log.append(.saying("again", idempotency)).entry?.text == key)
      }
      #expect(try await stores.log.tail(of: .lobby)?.seq == UInt64(keys.count))
    }
  }

  @Test("A refusal is not remembered under a key: the next call is judged anew", arguments: StoreForm.all)
  func refusal(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.log.append(.saying("hi", order, refusal: .nobody)) == .refused(.nobody))
      let outcome = try await stores.log.append(.saying("hi", order))
      #expect(outcome == .accepted(try #require(outcome.entry), duplicate: false, isReplicated: false))
    }
  }

  @Test(
    "A duplicate whose entry was trimmed is known to be one, but not where it stood", arguments: StoreForm.all
  )
  func trimmed(form: StoreForm) async throws {
    var limits = MessageLogLimits.defaults
    limits.entriesPerConversation = 100
    try await form.withStores(limits: limits) { stores in
      _ = try await stores.log.append(.saying("shipped", order))
      for _ in 1...500 { _ = try await stores.log.append(.saying("x")) }
      #expect(try await stores.log.append(.saying("again", order)) == .duplicateUnknown)
    }
  }

  @Test("After its time a key is forgotten", arguments: StoreForm.all)
  func expiry(form: StoreForm) async throws {
    var limits = MessageLogLimits.defaults
    limits.keyMilliseconds = 300
    try await form.withStores(limits: limits) { stores in
      let entry = try #require(try await stores.log.append(.saying("shipped", order)).entry)
      try await eventually("the key is forgotten") {
        try await stores.log.append(.saying("again", order))
          != .accepted(entry, duplicate: true, isReplicated: false)
      }
      #expect(try await stores.log.tail(of: .lobby)?.seq == 2)
    }
  }
}
