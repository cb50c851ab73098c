import CIMCore
import TestSupport
import Testing

@Suite("Retention by age")
struct RetentionTests {
  private var limits: MessageLogLimits {
    var limits = MessageLogLimits.defaults
    limits.entryMilliseconds = 1_500
    return limits
  }

  @Test(
    "What has become too old goes as newer entries come, and the oldest left names the one before it",
    arguments: StoreForm.all)
  func age(form: StoreForm) async throws {
    try await form.withStores(limits: limits) { stores in
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
    try await form.withStores(limits: limits) { stores in
      let first = try #require(try await stores.log.append(.saying("old")).entry)
      try await Task.sleep(for: .milliseconds(3_400))
      #expect(try await stores.log.tail(of: .lobby) == first.position)
      let next = try #require(try await stores.log.append(.saying("new")).entry)
      #expect(next.previous == first.position)
      #expect(next.position > first.position)
      #expect(try await stores.log.read(.lobby, after: nil, limit: 10) == [next])
    }
  }
}
