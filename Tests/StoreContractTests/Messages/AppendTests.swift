import CIMCore
import NIOCore
import Testing

@Suite("Appending to a message log")
struct AppendTests {
  @Test(
    "The first entry is number 1 and has none before it, each other names the one before",
    arguments: StoreForm.all)
  func positions(form: StoreForm) async throws {
    try await form.withStores { stores in
      let before = Timestamp.now().milliseconds
      var previous: LogPosition?
      for number in 1...3 {
        let outcome = try await stores.log.append(.saying("text \(number)", in: .adaAndBob, by: .bob))
        let entry = try #require(outcome.entry)
        #expect(outcome == .accepted(entry, duplicate: false, isReplicated: false))
        #expect(entry.conversation == .adaAndBob)
        #expect(entry.position.seq == UInt64(number))
        #expect(entry.previous == previous)
        #expect(entry.sender == .bob)
        #expect(entry.sendID == nil)
        #expect(entry.text == "text \(number)")
        #expect(entry.loggedAt.milliseconds >= before)
        #expect(entry.position.epoch >= before && entry.position.epoch <= entry.loggedAt.milliseconds)
        previous = entry.position
      }
      #expect(try await stores.log.tail(of: .adaAndBob) == previous)
    }
  }

  @Test("Conversations have logs of their own", arguments: StoreForm.all)
  func separateLogs(form: StoreForm) async throws {
    try await form.withStores { stores in
      for conversation in [Conversation.lobby, .adaAndBob, .adaAndCarol] {
        let entry = try #require(try await stores.log.append(.saying("hello", in: conversation)).entry)
        #expect(entry.position.seq == 1)
      }
      #expect(try await stores.log.read(.adaAndCarol, before: nil, limit: 10).count == 1)
    }
  }

  @Test(
    "50 senders at once leave a log without a hole, each entry naming the one before",
    arguments: StoreForm.all)
  func density(form: StoreForm) async throws {
    try await form.withStores { stores in
      _ = try await concurrently(50) { sender in
        let producer = try ProducerID("outbox-\(sender)")
        for counter in 1...5 as ClosedRange<UInt64> {
          let outcome = try await stores.log.append(
            .saying("\(sender): \(counter)", .producer(producer, counter: counter)))
          #expect(outcome.entry != nil)
        }
      }
      let entries = try await stores.log.read(.lobby, after: nil, limit: 1000)
      #expect(entries.map(\.position.seq) == Array(1...250))
      #expect(Set(entries.map(\.position.epoch)).count == 1)
      #expect(entries.dropFirst().map(\.previous) == entries.dropLast().map(\.position))
      #expect(Set(entries.map(\.text)).count == 250)
    }
  }

  @Test("Content is kept byte for byte, whatever is in it", arguments: StoreForm.all)
  func anyBytes(form: StoreForm) async throws {
    try await form.withStores { stores in
      let bytes = Array(0...255 as ClosedRange<UInt8>) + Array("\r\n\0$5\r\n".utf8)
      for content in [bytes, [], [UInt8](repeating: 0, count: 70_000)].map(ByteBuffer.init(bytes:)) {
        let outcome = try await stores.log.append(
          Append(conversation: .lobby, sender: .ada, idempotency: .none, content: content))
        #expect(outcome.entry?.content == content)
        let read = try await stores.log.read(.lobby, before: nil, limit: 1)
        #expect(read.map(\.content) == [content])
      }
    }
  }

  @Test("An entry reads as it was answered", arguments: StoreForm.all)
  func roundTrip(form: StoreForm) async throws {
    try await form.withStores { stores in
      let plain = try await stores.log.append(.saying("plain", in: .adaAndCarol)).entry
      let numbered = try await stores.log.append(
        .saying("numbered", in: .adaAndCarol, by: .bob, .producer(.outbox, counter: 1))
      ).entry
      #expect(
        numbered?.sendID == SendID(producer: .outbox, conversation: .adaAndCarol, counter: 1))
      #expect(try await stores.log.read(.adaAndCarol, after: nil, limit: 10) == [plain, numbered])
    }
  }

  @Test("A refused message leaves no entry", arguments: StoreForm.all)
  func refusal(form: StoreForm) async throws {
    try await form.withStores { stores in
      let key = try IdempotencyKey("order 4711")
      for idempotency in [Append.Idempotency.none, .producer(.outbox, counter: 1), .key(key)] {
        #expect(
          try await stores.log.append(.saying("hi", idempotency, refusal: .nobody)) == .refused(.nobody))
      }
      #expect(try await stores.log.tail(of: .lobby) == nil)
      #expect(try await stores.log.read(.lobby, before: nil, limit: 10).isEmpty)
    }
  }

  @Test(
    "A log keeps its newest entries; the oldest left still names the one before it", arguments: StoreForm.all)
  func trimming(form: StoreForm) async throws {
    var limits = MessageLogLimits.defaults
    limits.entriesPerConversation = 100
    try await form.withStores(limits: limits) { stores in
      for number in 1...1_000 { _ = try await stores.log.append(.saying("\(number)")) }
      let entries = try await stores.log.read(.lobby, after: nil, limit: 1_000)
      // A store may trim in strides.
      #expect((100...300).contains(entries.count))
      #expect(entries.last?.position.seq == 1_000)
      let oldest = try #require(entries.first)
      #expect(oldest.previous == LogPosition(epoch: oldest.position.epoch, seq: oldest.position.seq - 1))
    }
  }
}
