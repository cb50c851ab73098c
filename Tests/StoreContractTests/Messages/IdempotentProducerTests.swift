import CIMCore
import TestSupport
import Testing

@Suite("Idempotent producer")
struct IdempotentProducerTests {
  @Test("Counters from 1 on are appended in turn", arguments: StoreForm.all)
  func inTurn(form: StoreForm) async throws {
    try await form.withStores { stores in
      for counter in 1...70 as ClosedRange<UInt64> {
        let outcome = try await stores.log.append(.numbered(counter))
        #expect(outcome.entry?.position.seq == counter)
        #expect(
          outcome.entry?.sendID == SendID(producer: .outbox, conversation: .lobby, counter: counter))
      }
    }
  }

  @Test(
    "A known counter is answered with the whole entry again, and nothing is appended",
    arguments: StoreForm.all)
  func known(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try #require(try await stores.log.append(.numbered(1)).entry)
      _ = try await stores.log.append(.numbered(2))
      let again = try await stores.log.append(
        .saying("not what was said then", .producer(.outbox, counter: 1)))
      #expect(again == .accepted(first, duplicate: true, isReplicated: false))
      #expect(try await stores.log.tail(of: .lobby)?.seq == 2)
    }
  }

  @Test("Of 50 repetitions at once one is appended, and all name the same entry", arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let outcomes = try await concurrently(50) { _ in try await stores.log.append(.numbered(1)) }
      #expect(Set(outcomes.map(\.entry)).count == 1)
      #expect(outcomes.count { $0 == .accepted($0.entry!, duplicate: false, isReplicated: false) } == 1)
      #expect(try await stores.log.tail(of: .lobby)?.seq == 1)
    }
  }

  @Test("A gap is refused with the counter that is expected, and changes nothing", arguments: StoreForm.all)
  func gap(form: StoreForm) async throws {
    try await form.withStores { stores in
      #expect(try await stores.log.append(.numbered(2)) == .gap(expected: 1))
      _ = try await stores.log.append(.numbered(1))
      #expect(try await stores.log.append(.numbered(3)) == .gap(expected: 2))
      #expect(try await stores.log.append(.numbered(.max)) == .gap(expected: 2))
      #expect(try await stores.log.append(.numbered(3, refusal: .nobody)) == .gap(expected: 2))
      #expect(try await stores.log.append(.numbered(2)).entry?.position.seq == 2)
    }
  }

  @Test("Answers are known for the last 64 counters, and not for those before", arguments: StoreForm.all)
  func window(form: StoreForm) async throws {
    try await form.withStores { stores in
      var entries: [LogEntry] = []
      for counter in 1...70 as ClosedRange<UInt64> {
        entries.append(try #require(try await stores.log.append(.numbered(counter)).entry))
      }
      for counter in 1...6 as ClosedRange<UInt64> {
        #expect(try await stores.log.append(.numbered(counter)) == .duplicateUnknown)
      }
      for counter in 7...70 {
        #expect(
          try await stores.log.append(.numbered(UInt64(counter)))
            == .accepted(entries[counter - 1], duplicate: true, isReplicated: false))
      }
      #expect(try await stores.log.tail(of: .lobby)?.seq == 70)
    }
  }

  @Test("A refusal consumes its counter and is remembered", arguments: StoreForm.all)
  func refusal(form: StoreForm) async throws {
    try await form.withStores { stores in
      let first = try await stores.log.append(.numbered(1, refusal: .nobody))
      #expect(first == .refused(.nobody))
      // What would be accepted now was refused then.
      #expect(try await stores.log.append(.numbered(1)) == .refused(.nobody))
      #expect(try await stores.log.append(.numbered(2)).entry?.position.seq == 1)
      #expect(try await stores.log.append(.numbered(1)) == .refused(.nobody))
    }
  }

  @Test("A message that was accepted stays so, though it would be refused now", arguments: StoreForm.all)
  func lateRefusal(form: StoreForm) async throws {
    try await form.withStores { stores in
      let entry = try #require(try await stores.log.append(.numbered(1)).entry)
      #expect(
        try await stores.log.append(.numbered(1, refusal: .nobody))
          == .accepted(entry, duplicate: true, isReplicated: false))
    }
  }

  @Test("Each refusal's reason and detail come back whole", arguments: StoreForm.all, Refusal.Reason.allCases)
  func refusalRoundTrip(form: StoreForm, reason: Refusal.Reason) async throws {
    try await form.withStores { stores in
      let refusal = Refusal(reason, "a \"detail\": with-odd;characters|\0\r\n爱")
      _ = try await stores.log.append(.numbered(1, refusal: refusal))
      #expect(try await stores.log.append(.numbered(1)) == .refused(refusal))
    }
  }

  @Test("Another user's producer is refused as invalid, and goes on unharmed", arguments: StoreForm.all)
  func foreignProducer(form: StoreForm) async throws {
    try await form.withStores { stores in
      let entry = try #require(try await stores.log.append(.numbered(1)).entry)
      for counter in [1, 2, 3] as [UInt64] {
        let outcome = try await stores.log.append(
          .saying("mine now", by: .bob, .producer(.outbox, counter: counter)))
        guard case .refused(let refusal) = outcome else {
          Issue.record("counter \(counter): \(outcome)")
          continue
        }
        #expect(refusal.reason == .invalid)
      }
      #expect(
        try await stores.log.append(.numbered(1)) == .accepted(entry, duplicate: true, isReplicated: false))
      #expect(try await stores.log.append(.numbered(2)).entry?.position.seq == 2)
    }
  }

  @Test("Counter 0 is refused as invalid, and consumes nothing", arguments: StoreForm.all)
  func zero(form: StoreForm) async throws {
    try await form.withStores { stores in
      for _ in 1...2 {
        guard case .refused(let refusal) = try await stores.log.append(.numbered(0)) else {
          Issue.record("counter 0 was not refused")
          return
        }
        #expect(refusal.reason == .invalid)
        _ = try await stores.log.append(.numbered(1))
      }
      #expect(try await stores.log.append(.numbered(2)).entry?.position.seq == 2)
    }
  }

  @Test(
    "A producer counts in each conversation by itself, and producers by themselves", arguments: StoreForm.all)
  func independence(form: StoreForm) async throws {
    try await form.withStores { stores in
      let other = try ProducerID("outbox-2")
      _ = try await stores.log.append(.numbered(1))
      #expect(
        try await stores.log.append(.saying("a", in: .adaAndCarol, .producer(.outbox, counter: 1))).entry
          != nil)
      #expect(
        try await stores.log.append(.saying("b", .producer(other, counter: 1))).entry?.position.seq == 2)
      #expect(try await stores.log.append(.saying("c", .producer(other, counter: 3))) == .gap(expected: 2))
      #expect(try await stores.log.append(.numbered(2)).entry?.position.seq == 3)
    }
  }

  @Test(
    "A duplicate whose entry was trimmed is known to be one, but not where it stood", arguments: StoreForm.all
  )
  func trimmed(form: StoreForm) async throws {
    var limits = MessageLogLimits.defaults
    limits.entriesPerConversation = 100
    try await form.withStores(limits: limits) { stores in
      _ = try await stores.log.append(.numbered(1))
      for _ in 1...500 { _ = try await stores.log.append(.saying("x")) }
      #expect(try await stores.log.append(.numbered(1)) == .duplicateUnknown)
      #expect(try await stores.log.append(.numbered(2)).entry?.position.seq == 502)
    }
  }

  @Test(
    "A producer that was not used for its time is forgotten and begins again with 1", arguments: StoreForm.all
  )
  func expiry(form: StoreForm) async throws {
    var limits = MessageLogLimits.defaults
    limits.producerMilliseconds = 300
    try await form.withStores(limits: limits) { stores in
      _ = try await stores.log.append(.numbered(1))
      _ = try await stores.log.append(.numbered(2))
      // On a slow machine the producer may be forgotten between the two.
      let tail = try #require(try await stores.log.tail(of: .lobby))
      // A gap is answered without being a use: asking does not keep the producer alive.
      try await eventually("the producer is forgotten") {
        try await stores.log.append(.numbered(9)) == .gap(expected: 1)
      }
      #expect(try await stores.log.append(.numbered(1)).entry?.previous == tail)
    }
  }
}

extension Append {
  /// A message of ada's outbox to the lobby.
  fileprivate static func numbered(_ counter: UInt64, refusal: Refusal? = nil) -> Self {
    .saying("message \(counter)", .producer(.outbox, counter: counter), refusal: refusal)
  }
}
