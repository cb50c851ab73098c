import CIMCore
import Testing

@Suite("Reading a message log")
struct ReadingTests {
  /// Runs a test on a log of ten entries, "1" to "10".
  private func withTen(
    _ form: StoreForm, _ test: (any MessageLog, [LogPosition]) async throws -> Void
  ) async throws {
    try await form.withStores { stores in
      var positions: [LogPosition] = []
      for number in 1...10 {
        positions.append(try #require(try await stores.log.append(.saying("\(number)")).entry).position)
      }
      try await test(stores.log, positions)
    }
  }

  @Test("Without a place the newest entries come, oldest first", arguments: StoreForm.all)
  func newest(form: StoreForm) async throws {
    try await withTen(form) { log, _ in
      let newest = try await log.read(.lobby, before: nil, limit: 3)
      #expect(newest.map(\.text) == ["8", "9", "10"])
      let all = try await log.read(.lobby, before: nil, limit: 100)
      #expect(all.count == 10)
    }
  }

  @Test("Going back page by page shows every entry once", arguments: StoreForm.all)
  func backwards(form: StoreForm) async throws {
    try await withTen(form) { log, _ in
      var pages: [[LogEntry]] = []
      repeat {
        pages.append(try await log.read(.lobby, before: pages.last?.first?.position, limit: 4))
      } while pages.last?.isEmpty == false
      #expect(
        pages.map { $0.map(\.text) } == [["7", "8", "9", "10"], ["3", "4", "5", "6"], ["1", "2"], []])
    }
  }

  @Test("Going forth page by page shows every entry once", arguments: StoreForm.all)
  func forwards(form: StoreForm) async throws {
    try await withTen(form) { log, _ in
      var pages: [[LogEntry]] = []
      repeat {
        pages.append(try await log.read(.lobby, after: pages.last?.last?.position, limit: 4))
      } while pages.last?.isEmpty == false
      #expect(
        pages.map { $0.map(\.text) } == [["1", "2", "3", "4"], ["5", "6", "7", "8"], ["9", "10"], []])
    }
  }

  @Test("A place of another epoch is before or after all of this one", arguments: StoreForm.all)
  func otherEpochs(form: StoreForm) async throws {
    try await withTen(form) { log, positions in
      let epoch = positions[0].epoch
      let earlier = LogPosition(epoch: epoch - 1, seq: 5)
      let later = LogPosition(epoch: epoch + 1, seq: 5)
      let afterEarlier = try await log.read(.lobby, after: earlier, limit: 2)
      #expect(afterEarlier.map(\.text) == ["1", "2"])
      let afterLater = try await log.read(.lobby, after: later, limit: 2)
      #expect(afterLater.isEmpty)
      let beforeEarlier = try await log.read(.lobby, before: earlier, limit: 2)
      #expect(beforeEarlier.isEmpty)
      let beforeLater = try await log.read(.lobby, before: later, limit: 2)
      #expect(beforeLater.map(\.text) == ["9", "10"])
    }
  }

  @Test("A place past the end has nothing after it, and all before it", arguments: StoreForm.all)
  func pastTheEnd(form: StoreForm) async throws {
    try await withTen(form) { log, positions in
      let past = LogPosition(epoch: positions[0].epoch, seq: 99)
      let after = try await log.read(.lobby, after: past, limit: 2)
      #expect(after.isEmpty)
      let before = try await log.read(.lobby, before: past, limit: 2)
      #expect(before.map(\.text) == ["9", "10"])
      let beforeFirst = try await log.read(.lobby, before: positions[0], limit: 2)
      #expect(beforeFirst.isEmpty)
    }
  }

  @Test("A log without entries has no tail and nothing to read", arguments: StoreForm.all)
  func empty(form: StoreForm) async throws {
    try await form.withStores { stores in
      let tail = try await stores.log.tail(of: .adaAndCarol)
      #expect(tail == nil)
      let newest = try await stores.log.read(.adaAndCarol, before: nil, limit: 10)
      #expect(newest.isEmpty)
      let oldest = try await stores.log.read(.adaAndCarol, after: nil, limit: 10)
      #expect(oldest.isEmpty)
    }
  }
}
