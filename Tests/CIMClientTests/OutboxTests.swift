import TestSupport
import CIMCore
import CIMProtos
import Testing

@testable import CIMClient

@Suite final class OutboxTests {
  private let start = ContinuousClock.now
  private var random = SplitMix()
  private var outbox = Outbox(limit: 1000, producerPrefix: "me-")

  private func enqueue(_ numbers: ClosedRange<UInt64>, to conversation: Conversation = .lobby) throws {
    for number in numbers {
      try self.outbox.enqueue(
        Draft(content: .text("\(number)")), to: conversation, ticket: SendTicket(number: number),
        using: &self.random)
    }
  }

  private func transmit(after delay: Duration = .zero) -> [CimV1.Send] {
    self.outbox.transmissions(now: self.start + delay)
  }

  private func answer(_ send: CimV1.Send, _ outcome: CimV1.SendResult.Outcome) -> [Outbox.Resolution] {
    self.outbox.receive(
      CimV1.SendResult(sendID: send.sendID, outcome: outcome), now: self.start, using: &self.random)
  }

  private func accepted(_ seq: UInt64, duplicate: Bool = false) -> CimV1.SendResult.Outcome {
    .accepted(
      CimV1.Accepted(position: CimV1.LogPosition(epoch: 7, seq: seq), loggedAtMs: 100, duplicate: duplicate))
  }

  private func refused(_ reason: CimV1.RefusalReason, expected: UInt64 = 0) -> CimV1.SendResult.Outcome {
    .refused(CimV1.Refused(reason: reason, detail: "because", expectedCounter: expected))
  }

  @Test("Counters are dense from 1 in each conversation, in the order of sending")
  func denseCounters() throws {
    try self.enqueue(1...3)
    try self.enqueue(4...5, to: .direct(between: UserID(1), and: UserID(2)))
    let sends = self.transmit()
    let lobby = sends.filter { $0.sendID?.conversation == "lobby" }
    let direct = sends.filter { $0.sendID?.conversation == "p:1:2" }
    #expect(lobby.map { $0.sendID?.counter } == [1, 2, 3])
    #expect(lobby.map { $0.content?.kind } == [.text("1"), .text("2"), .text("3")])
    #expect(direct.map { $0.sendID?.counter } == [1, 2])
    #expect(self.transmit() == [], "what is on its way is not sent twice")
  }

  @Test("An accepted message is resolved once, with its place")
  func accepted() throws {
    try self.enqueue(1...1)
    let send = try #require(self.transmit().first)
    let expected = Accepted(
      conversation: .lobby, position: LogPosition(epoch: 7, seq: 3), loggedAt: Timestamp(milliseconds: 100),
      isDuplicate: false)
    let resolutions = self.answer(send, self.accepted(3))
    #expect(resolutions == [Outbox.Resolution(ticket: SendTicket(number: 1), outcome: .accepted(expected))])
    #expect(self.answer(send, self.accepted(3)) == [])
    #expect(self.outbox.unanswered == 0)
  }

  @Test("What was not answered goes again under the same ids after a lost connection")
  func resend() throws {
    try self.enqueue(1...3)
    let first = self.transmit()
    _ = self.answer(first[0], self.accepted(1))
    self.outbox.connectionLost()
    #expect(self.transmit() == [first[1], first[2]])
  }

  @Test("No more than 32 messages of a conversation are on their way at once")
  func window() throws {
    try self.enqueue(1...40)
    let first = self.transmit()
    #expect(first.count == 32)
    _ = self.answer(first[0], self.accepted(1))
    #expect(self.transmit().map { $0.sendID?.counter } == [33])
  }

  @Test("Beyond the limit nothing is taken")
  func full() throws {
    self.outbox = Outbox(limit: 2, producerPrefix: "me-")
    try self.enqueue(1...2)
    do {
      try self.enqueue(3...3)
      Issue.record("a third message was taken")
    } catch {
      #expect((error as? SendError)?.code == .outboxFull)
    }
  }

  @Test("While the service is away nothing goes; then all goes again, in order, under the same ids")
  func unavailable() throws {
    try self.enqueue(1...3)
    let first = self.transmit()
    #expect(self.answer(first[0], self.refused(.unavailable)) == [])
    #expect(self.answer(first[1], self.refused(.counterGap, expected: 1)) == [])
    #expect(self.answer(first[2], self.refused(.counterGap, expected: 1)) == [])
    #expect(self.transmit() == [])
    let retry = try #require(self.outbox.nextRetry)
    #expect(retry > self.start)
    #expect(self.outbox.transmissions(now: retry) == first)
    #expect(self.outbox.nextRetry == nil)
  }

  @Test(
    "A limited rate is waited for; then one goes, and one more with each that is accepted, in order and under the same ids"
  )
  func limited() throws {
    try self.enqueue(1...6)
    let first = self.transmit()
    _ = self.answer(first[0], self.accepted(1))
    let limited = CimV1.SendResult.Outcome.refused(
      CimV1.Refused(reason: .rateLimited, detail: "slower", retryAfterMs: 500))
    #expect(self.answer(first[1], limited) == [])
    #expect(self.answer(first[2], self.refused(.counterGap, expected: 2)) == [])
    for send in first[3...5] { #expect(self.answer(send, limited) == []) }
    #expect(self.transmit(after: .milliseconds(499)) == [])
    let retry = try #require(self.outbox.nextRetry)
    #expect(retry >= self.start + .milliseconds(500) && retry <= self.start + .milliseconds(550))
    #expect(self.outbox.transmissions(now: retry) == [first[1]])
    #expect(self.outbox.nextRetry == nil)
    _ = self.answer(first[1], self.accepted(2))
    #expect(self.transmit() == Array(first[2...3]))
    _ = self.answer(first[2], self.accepted(3))
    #expect(self.transmit() == Array(first[4...5]))
    #expect(self.outbox.unanswered == 3)
  }

  @Test("A limited rate holds up all conversations; then they take turns, until it is limited no more")
  func turns() throws {
    let pairs = (2...5).map { Conversation.direct(between: UserID(1), and: UserID($0)) }
    for (index, pair) in pairs.enumerated() {
      try self.enqueue(UInt64(100 * index + 1)...UInt64(100 * index + 40), to: pair)
    }
    let first = self.transmit()
    #expect(first.count == 4 * 32)
    let limited = CimV1.SendResult.Outcome.refused(
      CimV1.Refused(reason: .rateLimited, detail: "slower", retryAfterMs: 500))
    for send in first { #expect(self.answer(send, limited) == []) }
    #expect(self.transmit(after: .milliseconds(499)) == [])
    self.outbox.connectionLost()
    #expect(self.transmit(after: .milliseconds(499)) == [], "another connection is no way round it")
    var now = try #require(self.outbox.nextRetry) - self.start
    var conversations: Set<String> = []
    var counts: [Int] = []
    var counters: [String: [UInt64]] = [:]
    var sends = self.transmit(after: now)
    while !sends.isEmpty {
      counts.append(sends.count)
      for send in sends {
        let id = try #require(send.sendID)
        if counts.count <= 4 { conversations.insert(id.conversation) }
        counters[id.conversation, default: []].append(id.counter)
      }
      for send in sends { _ = self.answer(send, self.accepted(1)) }
      now += .milliseconds(1)
      sends = self.transmit(after: now)
    }
    #expect(counts.prefix(4) == [1, 2, 4, 8])
    #expect(conversations.count == 4)
    for pair in pairs { #expect(counters["\(pair)"] == Array(1...40)) }
    #expect(self.outbox.unanswered == 0)
  }

  @Test("One conversation that waits stops no other")
  func independent() throws {
    try self.enqueue(1...1)
    let send = try #require(self.transmit().first)
    _ = self.answer(send, self.refused(.unavailable))
    try self.enqueue(2...2, to: .direct(between: UserID(1), and: UserID(2)))
    #expect(self.transmit().map { $0.sendID?.conversation } == ["p:1:2"])
  }

  @Test("A gap sends again from the expected counter; answers to what was overtaken change nothing")
  func gap() throws {
    try self.enqueue(1...3)
    let first = self.transmit()
    // The first was lost on the way: both others find a gap.
    #expect(self.answer(first[1], self.refused(.counterGap, expected: 1)) == [])
    #expect(self.transmit() == first)
    #expect(self.answer(first[2], self.refused(.counterGap, expected: 1)) == [])
    #expect(self.transmit() == [], "the third is on its way again: this answer is to its first transmission")
    #expect(self.answer(first[0], self.accepted(1)).count == 1)
    #expect(self.answer(first[1], self.accepted(2)).count == 1)
    #expect(self.answer(first[2], self.accepted(3)).count == 1)
  }

  @Test(
    "A final refusal is reported with its reason",
    arguments: [
      (CimV1.RefusalReason.invalid, SendError.Code.invalid), (.unknownUser, .unknownUser),
      (.notAMember, .notAMember), (.muted, .muted), (.duplicateUnknown, .uncertain),
      (CimV1.RefusalReason(rawValue: 99), .invalid),
    ])
  func finalRefusals(reason: CimV1.RefusalReason, code: SendError.Code) throws {
    try self.enqueue(1...2)
    let sends = self.transmit()
    let resolutions = self.answer(sends[0], self.refused(reason))
    #expect(resolutions.map(\.ticket) == [SendTicket(number: 1)])
    #expect(resolutions.first?.refusal == code)
    #expect(self.answer(sends[1], self.accepted(1)).count == 1, "the next one is not affected")
  }

  @Test("A service that forgot the producer gets a new one, and what may be logged is reported as uncertain")
  func forgottenProducer() throws {
    try self.enqueue(1...2)
    let first = self.transmit()
    _ = self.answer(first[0], self.accepted(1))
    self.outbox.connectionLost()
    try self.enqueue(3...3)
    let second = self.transmit()
    #expect(second.map { $0.sendID?.counter } == [2, 3])
    let resolutions = self.answer(second[0], self.refused(.counterGap, expected: 1))
    #expect(resolutions.map(\.ticket) == [SendTicket(number: 2)])
    #expect(resolutions.first?.refusal == .uncertain)

    let third = self.transmit()
    #expect(third.map { $0.content?.kind } == [.text("3")], "it was never logged: it goes anew")
    #expect(third.map { $0.sendID?.counter } == [1])
    #expect(third[0].sendID?.producer != first[0].sendID?.producer)
    #expect(
      self.answer(second[1], self.refused(.counterGap, expected: 1)) == [], "an answer to the old number")
    #expect(self.answer(third[0], self.accepted(2)).count == 1)
    for send in first + third { #expect(send.sendID?.producer.hasPrefix("me-") == true) }
  }

  @Test("Closing answers everything: as unanswered what may be logged, as closed what was never sent")
  func close() throws {
    try self.enqueue(1...33)
    _ = self.transmit()
    let codes = self.outbox.close().map(\.refusal)
    #expect(codes == Array(repeating: .unanswered, count: 32) + [.closed])
    #expect(self.outbox.unanswered == 0)
    #expect(self.transmit() == [])
  }

  @Test("Whatever the service answers, every message is resolved exactly once and none overtakes another")
  func everyAnswer() throws {
    for seed in 1...200 as ClosedRange<UInt64> {
      self.random = SplitMix(seed: seed)
      self.outbox = Outbox(limit: 1000, producerPrefix: "me-")
      var service = FakeLog(random: SplitMix(seed: seed &* 31))
      var resolved: [UInt64] = []
      var now = self.start
      try self.enqueue(1...50)
      while self.outbox.unanswered > 0 {
        now += .seconds(10)
        if Int.random(in: 0..<10, using: &self.random) == 0 { self.outbox.connectionLost() }
        for send in self.outbox.transmissions(now: now) {
          guard let result = service.answer(send) else { continue }
          resolved += self.outbox.receive(result, now: now, using: &self.random).map(\.ticket.number)
        }
        // What got no answer goes again over the next connection.
        self.outbox.connectionLost()
      }
      #expect(resolved.sorted() == Array(1...50), "seed \(seed)")
      #expect(
        service.log == service.log.sorted() && Set(service.log).count == service.log.count, "seed \(seed)")
    }
  }
}

/// A log with idempotent producers that loses answers, and is away from time to time.
private struct FakeLog {
  var random: SplitMix
  private(set) var log: [UInt64] = []
  private var last: [String: UInt64] = [:]

  init(random: SplitMix) {
    self.random = random
  }

  mutating func answer(_ send: CimV1.Send) -> CimV1.SendResult? {
    guard let id = send.sendID, case .text(let text)? = send.content?.kind, let number = UInt64(text) else {
      return nil
    }
    let last = self.last[id.producer, default: 0]
    let outcome: CimV1.SendResult.Outcome
    if Int.random(in: 0..<5, using: &self.random) == 0 {
      outcome = .refused(CimV1.Refused(reason: .unavailable))
    } else if id.counter > last + 1 {
      outcome = .refused(CimV1.Refused(reason: .counterGap, expectedCounter: last + 1))
    } else {
      if id.counter == last + 1 {
        self.last[id.producer] = id.counter
        self.log.append(number)
      }
      outcome = .accepted(CimV1.Accepted(position: CimV1.LogPosition(epoch: 1, seq: id.counter)))
    }
    return Int.random(in: 0..<5, using: &self.random) == 0
      ? nil : CimV1.SendResult(sendID: id, outcome: outcome)
  }
}
