import CIMCore
import TestSupport
import Testing

@Suite("Retention by age")
struct RetentionTests {
  private func limits(entryMilliseconds: UInt64) -> MessageLogLimits {
    var limits = MessageLogLimits.defaults
    limits.entryMilliseconds = entryMilliseconds
    return limits
  }

  @Test(
    "What has become too old goes as newer entries come, and the oldest left names the one before it",
    arguments: StoreForm.all)
  func age(form: StoreForm) async throws {
    try await form.withStores(limits: limits(entryMilliseconds: 1_500)) { stores in
      for number in 1...50 { _ = try await stores.log.append(.saying("old \(number)")) }
      var entries: [LogEntry] = []
      try await eventually("the old entries are gone") {
        _ = try await stores.log.append(.saying("new"))
        entries = try await stores.log.read(.lobby, after: nil, limit: 1_000)
        return entries.first?.text == "new"
      }
      let oldest = try #require(entries.first)
      #expect(oldest.previous == LogPosition(epoch: oldest.position.epoch, seq: oldest.position.seq - 1))
      #expect(entries.map(\.position.seq) == Array(oldest.position.seq...entries.last!.position.seq))
    }
  }

  @Test("An old log to which is appended again goes on after its last entry", arguments: StoreForm.all)
  func goesOn(form: StoreForm) async throws {
    try await form.withStores(limits: limits(entryMilliseconds: 200)) { stores in
      let first = try #require(try await stores.log.append(.saying("old")).entry)
      // More than twice the age: all that belongs to the entries has run out, if anything was to.
      try await Task.sleep(for: .milliseconds(500))
      #expect(try await stores.log.tail(of: .lobby) == first.position)
      let next = try #require(try await stores.log.append(.saying("new")).entry)
      #expect(next.previous == first.position)
      #expect(next.position > first.position)
      // On a busy machine the new one may be too old as well.
      #expect(try await stores.log.read(.lobby, after: nil, limit: 10).allSatisfy { $0 == next })
    }
  }
}
