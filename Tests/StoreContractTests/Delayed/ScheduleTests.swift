import CIMCore
import NIOCore
import TestSupport
import Testing

@Suite("Delayed messages: schedule, list, cancel")
struct ScheduleTests {
  @Test(
    "A message is listed as it was scheduled, with its time by the store's clock", arguments: StoreForm.all)
  func listed(form: StoreForm) async throws {
    try await form.withStores { stores in
      let message = DelayedMessage(
        id: .random(), sender: Account(id: UserID(7), name: try UserName("ada b. 爱")),
        conversation: .adaAndBob,
        content: ByteBuffer(bytes: [0, 10, 13, 255, 32]))
      let before = Timestamp.now()
      let outcome = try await stores.delayed.schedule(message, for: .after(milliseconds: 60_000))
      let due = try #require(outcome.due)
      #expect(outcome == .scheduled(message.id, due: due, duplicate: false))
      #expect(due.milliseconds >= before.milliseconds + 60_000)
      #expect(due.milliseconds <= Timestamp.now().milliseconds + 60_000)
      #expect(
        try await stores.delayed.scheduled(of: message.sender)
          == [ScheduledMessage(message, due: due, state: .waiting)])
      #expect(try await stores.delayed.scheduled(of: .bob).isEmpty)
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
    }
  }

  @Test("A message under a known id or key is kept once, and answered as it was", arguments: StoreForm.all)
  func repeated(form: StoreForm) async throws {
    try await form.withStores { stores in
      let key = try IdempotencyKey("order}: {4711")
      let message = DelayedMessage.saying("pay")
      let due = try #require(try await stores.delayed.schedule(message, for: .tomorrow, under: key).due)
      let known = ScheduleOutcome.scheduled(message.id, due: due, duplicate: true)
      #expect(try await stores.delayed.schedule(.saying("again"), for: .tomorrow, under: key) == known)
      #expect(try await stores.delayed.schedule(message, for: .tomorrow) == known)
      #expect(try await stores.delayed.scheduled(of: .ada).map(\.message) == [message])
      // A key is its sender's own, and remembered when the message is gone.
      let other = DelayedMessage.saying("pay, too", by: .bob)
      #expect(
        try await stores.delayed.schedule(other, for: .at(due), under: key)
          == .scheduled(other.id, due: due, duplicate: false))
      #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .cancelled)
      #expect(try await stores.delayed.schedule(.saying("again"), for: .tomorrow, under: key) == known)
      #expect(try await stores.delayed.scheduled(of: .ada).isEmpty)
    }
  }

  @Test("Of 20 calls under one key at once, one is kept and all name it", arguments: StoreForm.all)
  func race(form: StoreForm) async throws {
    try await form.withStores { stores in
      let key = try IdempotencyKey("once")
      let outcomes = try await concurrently(20) { _ in
        try await stores.delayed.schedule(.saying("once"), for: .tomorrow, under: key)
      }
      let kept = try #require(try await stores.delayed.scheduled(of: .ada).first)
      #expect(try await stores.delayed.scheduled(of: .ada).count == 1)
      #expect(outcomes.count { $0 == .scheduled(kept.message.id, due: kept.due, duplicate: false) } == 1)
      #expect(outcomes.count { $0 == .scheduled(kept.message.id, due: kept.due, duplicate: true) } == 19)
    }
  }

  @Test("A user has so many at most, and room again when one has gone", arguments: StoreForm.all)
  func bound(form: StoreForm) async throws {
    var limits = DelayedLimits.defaults
    limits.perUser = 3
    try await form.withStores(delayed: limits) { stores in
      let outcomes = try await concurrently(10) { index in
        try await stores.delayed.schedule(.saying("\(index)"), for: .tomorrow)
      }
      #expect(outcomes.count { $0 == .tooMany(limit: 3) } == 7)
      let waiting = try await stores.delayed.scheduled(of: .ada)
      #expect(waiting.count == 3)
      #expect(try await stores.delayed.schedule(.saying("x", by: .bob), for: .tomorrow).due != nil)
      #expect(try await stores.delayed.cancel(waiting[1].message.id, of: Account.ada.id) == .cancelled)
      #expect(try await stores.delayed.schedule(.saying("x"), for: .tomorrow).due != nil)
    }
  }

  @Test("What is too far ahead is refused, and the latest time is named", arguments: StoreForm.all)
  func tooFar(form: StoreForm) async throws {
    try await form.withStores { stores in
      let year = DelayedLimits.defaults.aheadMilliseconds
      for time in [
        DelayedTime.after(milliseconds: year + 1), .after(milliseconds: .max),
        .at(Timestamp(milliseconds: Timestamp.now().milliseconds + year + 60_000)),
        .at(Timestamp(milliseconds: .max)),
      ] {
        guard case .tooFar(let latest) = try await stores.delayed.schedule(.saying("x"), for: time) else {
          Issue.record("\(time) was taken")
          continue
        }
        #expect(latest.milliseconds <= Timestamp.now().milliseconds + year)
        #expect(latest.milliseconds + 60_000 > Timestamp.now().milliseconds + year)
      }
      #expect(try await stores.delayed.schedule(.saying("x"), for: .after(milliseconds: year)).due != nil)
    }
  }

  @Test(
    "Pages follow each other in the order of the times, also of messages of one time",
    arguments: StoreForm.all)
  func pages(form: StoreForm) async throws {
    try await form.withStores { stores in
      let start = Timestamp.now().milliseconds + 3_600_000
      for index in 0..<25 {
        let time = Timestamp(milliseconds: start + UInt64(index % 5))
        _ = try await stores.delayed.schedule(.saying("\(index)"), for: .at(time))
      }
      var seen: [ScheduledMessage] = []
      while true {
        let page = try await stores.delayed.scheduled(
          of: Account.ada.id, after: seen.last.flatMap { ScheduledPlace($0.place.description) }, limit: 4)
        seen += page
        if page.count < 4 { break }
      }
      #expect(Set(seen.map(\.message.text)).count == 25 && seen.count == 25)
      #expect(seen.map(\.place) == seen.map(\.place).sorted())
    }
  }

  @Test("A message is cancelled once, and by its sender alone", arguments: StoreForm.all)
  func cancel(form: StoreForm) async throws {
    try await form.withStores { stores in
      let message = DelayedMessage.saying("x")
      _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      #expect(try await stores.delayed.cancel(message.id, of: Account.bob.id) == .unknown)
      #expect(try await stores.delayed.cancel(.random(), of: Account.ada.id) == .unknown)
      // In the same shard of a store that has such.
      #expect(try await stores.delayed.cancel(message.id, of: UserID(17)) == .unknown)
      let answers = try await concurrently(10) { _ in
        try await stores.delayed.cancel(message.id, of: Account.ada.id)
      }
      #expect(answers.count { $0 == .cancelled } == 1 && answers.count { $0 == .unknown } == 9)
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
      #expect(try await stores.delayed.scheduled(of: .ada).isEmpty)
    }
  }
}
