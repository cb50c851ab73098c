import CIMCore
import TestSupport
import Testing

@Suite("Delayed messages: take, conclude")
struct TakeTests {
  @Test("A message can be taken when its time has come, and not before", arguments: StoreForm.all)
  func due(form: StoreForm) async throws {
    try await form.withStores { stores in
      let message = DelayedMessage.saying("now")
      _ = try await stores.delayed.schedule(.saying("later"), for: .tomorrow)
      let due = try #require(try await stores.delayed.schedule(message, for: .after(milliseconds: 300)).due)
      var taken: TakenMessage?
      try await eventually("it is due") {
        taken = try await stores.delayed.takeOne()
        return taken != nil
      }
      #expect(Timestamp.now() >= due)
      #expect(taken == TakenMessage(message, due: due, attempt: 1, isUncertain: false))
      #expect(
        try await stores.delayed.scheduled(of: .ada).first
          == ScheduledMessage(message, due: due, state: .sending))
    }
  }

  @Test("What is due is taken in the order of its times, by one alone, all of it", arguments: StoreForm.all)
  func shared(form: StoreForm) async throws {
    try await form.withStores { stores in
      for index in 0..<100 {
        let sender = Account(id: UserID(UInt64(1 + index % 7)), name: try UserName("u\(index % 7)"))
        _ = try await stores.delayed.schedule(
          .saying("\(index)", by: sender), for: .at(Timestamp(milliseconds: UInt64(1000 - index))))
      }
      let batches = try await concurrently(5) { _ in
        var taken: [[TakenMessage]] = []
        while true {
          let batch = try await stores.delayed.take(limit: 10)
          if batch.isEmpty { return taken }
          taken.append(batch)
        }
      }.flatMap { $0 }
      for batch in batches { #expect(batch.map(\.due) == batch.map(\.due).sorted()) }
      let texts = batches.joined().map(\.message.text)
      #expect(texts.count == 100 && Set(texts).count == 100)
    }
  }

  @Test("What was taken is not cancelled any more, also when the lease is over", arguments: StoreForm.all)
  func tooLate(form: StoreForm) async throws {
    try await form.withStores(delayed: .withoutLease) { stores in
      let message = DelayedMessage.saying("x")
      _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      for attempt in 1...3 as ClosedRange<UInt64> {
        #expect(try await stores.delayed.takeOne()?.attempt == attempt)
        #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .tooLate)
      }
      try await stores.delayed.conclude(message, .sent)
      #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .unknown)
    }
  }

  @Test("Of taking and cancelling at once, one has its way", arguments: StoreForm.all)
  func cancelRace(form: StoreForm) async throws {
    try await form.withStores { stores in
      for round in 0..<50 {
        let message = DelayedMessage.saying("\(round)")
        _ = try await stores.delayed.schedule(message, for: .at(.epoch))
        async let taking = stores.delayed.takeOne()
        async let cancelling = stores.delayed.cancel(message.id, of: Account.ada.id)
        let (taken, cancellation) = (try await taking, try await cancelling)
        #expect((taken == nil) == (cancellation == .cancelled))
        #expect((taken != nil) == (cancellation == .tooLate))
        try await stores.delayed.conclude(message, .sent)
      }
    }
  }

  @Test("Within its lease a message is nobody else's, and afterwards anybody's", arguments: StoreForm.all)
  func lease(form: StoreForm) async throws {
    var limits = DelayedLimits.defaults
    limits.leaseMilliseconds = 500
    try await form.withStores(delayed: limits) { stores in
      _ = try await stores.delayed.schedule(.saying("x"), for: .at(.epoch))
      let begin = ContinuousClock.now
      let first = try #require(try await stores.delayed.takeOne())
      var second: TakenMessage?
      try await eventually("the lease is over") {
        second = try await stores.delayed.takeOne()
        return second != nil
      }
      // The store's clock counts whole milliseconds.
      #expect(begin.duration(to: .now) >= .milliseconds(499))
      #expect(second == TakenMessage(first.message, due: first.due, attempt: 2, isUncertain: false))
    }
  }

  @Test("What is given back unsent waits as before, and can be cancelled", arguments: StoreForm.all)
  func giveBack(form: StoreForm) async throws {
    try await form.withStores { stores in
      let message = DelayedMessage.saying("x")
      _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      let first = try #require(try await stores.delayed.takeOne())
      try await stores.delayed.giveBack([first])
      #expect(try await stores.delayed.scheduled(of: .ada).map(\.state) == [.waiting])
      let second = try #require(try await stores.delayed.takeOne())
      #expect(second.attempt > first.attempt)
      // A late repetition of the first changes nothing of what the second has.
      try await stores.delayed.giveBack([first])
      #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .tooLate)
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
      try await stores.delayed.giveBack([second])
      #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .cancelled)
      try await stores.delayed.giveBack([second])
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
    }
  }

  @Test(
    "What an earlier one may have sent is not cancelled because a later one gives it back",
    arguments: StoreForm.all)
  func giveBackAfterLease(form: StoreForm) async throws {
    try await form.withStores(delayed: .withoutLease) { stores in
      let message = DelayedMessage.saying("x")
      _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      _ = try await stores.delayed.takeOne()
      let second = try #require(try await stores.delayed.takeOne())
      try await stores.delayed.giveBack([second])
      #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .tooLate)
      #expect(try await stores.delayed.takeOne()?.attempt == 3)
    }
  }

  @Test("What is postponed is taken again after the pause, and can't be cancelled", arguments: StoreForm.all)
  func postpone(form: StoreForm) async throws {
    try await form.withStores { stores in
      let message = DelayedMessage.saying("x")
      _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      let first = try #require(try await stores.delayed.takeOne())
      try await stores.delayed.postpone([first], milliseconds: 3_600_000)
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
      #expect(try await stores.delayed.cancel(message.id, of: Account.ada.id) == .tooLate)
      try await stores.delayed.postpone([first], milliseconds: 0)
      #expect(try await stores.delayed.takeOne()?.attempt == 2)
    }
  }

  @Test("What is sent is gone, whoever says so and however often", arguments: StoreForm.all)
  func sent(form: StoreForm) async throws {
    try await form.withStores(delayed: .withoutLease) { stores in
      let message = DelayedMessage.saying("x")
      _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      let first = try #require(try await stores.delayed.takeOne())
      let second = try #require(try await stores.delayed.takeOne())
      try await stores.delayed.conclude(first.message, .sent)
      #expect(try await stores.delayed.scheduled(of: .ada).isEmpty)
      try await stores.delayed.postpone([second], milliseconds: 0)
      try await stores.delayed.conclude(second.message, .failed(.uncertain))
      try await stores.delayed.conclude(second.message, .sent)
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
      #expect(try await stores.delayed.scheduled(of: .ada).isEmpty)
    }
  }

  @Test(
    "What failed is listed with the reason until its time is over or its sender removes it",
    arguments: StoreForm.all)
  func failed(form: StoreForm) async throws {
    var limits = DelayedLimits.defaults
    limits.failedMilliseconds = 600
    limits.perUser = 2
    try await form.withStores(delayed: limits) { stores in
      let (one, two) = (DelayedMessage.saying("1"), DelayedMessage.saying("2"))
      let failure = DelayedFailure(.notAMember, "no member\n of it")
      for message in [one, two] {
        _ = try await stores.delayed.schedule(message, for: .at(.epoch))
      }
      _ = try await stores.delayed.take(limit: 100)
      try await stores.delayed.conclude(one, .failed(failure))
      try await stores.delayed.conclude(two, .failed(.uncertain))
      #expect(try await stores.delayed.schedule(.saying("3"), for: .tomorrow) == .tooMany(limit: 2))
      let states = Dictionary(
        uniqueKeysWithValues: try await stores.delayed.scheduled(of: .ada).map { ($0.message, $0.state) })
      #expect(states == [one: .failed(failure), two: .failed(.uncertain)])
      #expect(try await stores.delayed.cancel(two.id, of: Account.ada.id) == .cancelled)
      #expect(try await stores.delayed.take(limit: 100).isEmpty)
      try await eventually("it is forgotten") {
        #expect(try await stores.delayed.take(limit: 100).isEmpty)
        return try await stores.delayed.scheduled(of: .ada).isEmpty
      }
    }
  }

  @Test("What somebody took too long ago is uncertain, and not what was given back", arguments: StoreForm.all)
  func uncertain(form: StoreForm) async throws {
    var limits = DelayedLimits.withoutLease
    limits.uncertainMilliseconds = 0
    try await form.withStores(delayed: limits) { stores in
      _ = try await stores.delayed.schedule(.saying("x"), for: .at(.epoch))
      let first = try #require(try await stores.delayed.takeOne())
      #expect(!first.isUncertain)
      try await stores.delayed.giveBack([first])
      #expect(try await stores.delayed.takeOne()?.isUncertain == false)
      #expect(try await stores.delayed.takeOne()?.isUncertain == true)
    }
  }
}
