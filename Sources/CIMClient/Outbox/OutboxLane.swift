import CIMCore
import CIMProtos

/// The unresolved messages to one conversation, in order.
///
/// They go to an idempotent producer: its counters are dense, the service takes the next one only, and knows a
/// repeated one by its number. A message gets its counter when it is first sent.
struct OutboxLane: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// How many messages are on their way at once. The service remembers a producer's last 64 answers: as long as fewer are
  /// in flight, a repeated one is always known.
  private static let window = 32

  private struct Entry {
    let ticket: SendTicket
    let content: CimV1.Content
    var counter: UInt64?
    /// How often it was sent over this connection without an answer yet. Each transmission is answered once, in
    /// order, so only the last one's answer is news.
    var unanswered = 0
    /// Whether it may be in the log although no answer said so.
    var isUncertain = false
  }

  let conversation: Conversation

  /// Under which id messages go; another one once the service expects what can't be supplied any more.
  private(set) var producer: ProducerID

  /// When to send again after the service was not available.
  private(set) var retryAt: Instant?

  private var nextCounter: UInt64 = 1
  private var entries: [Entry] = []
  /// The entries before this index are on their way; those from it on are to be sent.
  private var sentEnd = 0
  private var retry: Backoff

  init(conversation: Conversation, producer: ProducerID, retry: Backoff) {
    self.conversation = conversation
    self.producer = producer
    self.retry = retry
  }

  mutating func append(_ content: CimV1.Content, ticket: SendTicket) {
    self.entries.append(Entry(ticket: ticket, content: content))
  }

  /// Appends what is to be sent now.
  mutating func transmit(into sends: inout [CimV1.Send], now: Instant) {
    if let retryAt {
      guard now >= retryAt else { return }
      self.retryAt = nil
    }
    while self.sentEnd < min(self.entries.count, Self.window) {
      sends.append(self.send(at: self.sentEnd))
      self.sentEnd += 1
    }
  }

  private mutating func send(at index: Int) -> CimV1.Send {
    let counter = self.entries[index].counter ?? self.nextCounter
    self.nextCounter = max(self.nextCounter, counter + 1)
    self.entries[index].counter = counter
    self.entries[index].unanswered += 1
    return CimV1.Send(
      sendID: CimV1.SendId(
        producer: self.producer.rawValue, conversation: "\(self.conversation)", counter: counter),
      content: self.entries[index].content,
      ackLevel: .logged)
  }

  mutating func connectionLost() {
    for index in self.entries.indices where self.entries[index].unanswered > 0 {
      self.entries[index].isUncertain = true
      self.entries[index].unanswered = 0
    }
    self.sentEnd = 0
    self.retryAt = nil
  }

  mutating func close() -> [Outbox.Resolution] {
    defer {
      self.entries.removeAll()
      self.sentEnd = 0
      self.retryAt = nil
    }
    return self.entries.map { entry in
      let error =
        entry.isUncertain || entry.unanswered > 0
        ? SendError(
          .uncertain, "the client was closed before the answer came: the message may have been accepted")
        : SendError(.closed, "the client was closed before the message was sent")
      return Outbox.Resolution(ticket: entry.ticket, outcome: .refused(error))
    }
  }

  mutating func receive(
    _ outcome: CimV1.SendResult.Outcome?, to id: CimV1.SendId, now: Instant,
    using random: inout some RandomNumberGenerator
  ) -> [Outbox.Resolution] {
    guard id.producer == self.producer.rawValue,
      let index = self.entries.firstIndex(where: { $0.counter == id.counter })
    else { return [] }
    switch outcome {
    case .accepted(let accepted):
      guard let position = accepted.position else { return [] }
      self.retry.reset()
      return [
        self.resolve(
          index,
          .accepted(
            Accepted(
              conversation: self.conversation, position: LogPosition(position),
              loggedAt: Timestamp(milliseconds: UInt64(max(0, accepted.loggedAtMs))),
              isDuplicate: accepted.duplicate)))
      ]
    case .refused(let refused):
      return self.receive(refused, at: index, now: now, using: &random)
    case nil:
      // An outcome of a later version of the protocol: the message is answered, and how can't be told.
      return [
        self.resolve(index, .refused(SendError(.uncertain, "the server's answer is of an unknown kind")))
      ]
    }
  }

  private mutating func receive(
    _ refused: CimV1.Refused, at index: Int, now: Instant, using random: inout some RandomNumberGenerator
  ) -> [Outbox.Resolution] {
    switch refused.reason {
    case .unavailable:
      guard self.isLastAnswer(at: index) else { return [] }
      self.entries[index].isUncertain = true
      self.rewind(to: index)
      self.retryAt = now + self.retry.next(using: &random)
      return []
    case .counterGap:
      guard self.isLastAnswer(at: index) else { return [] }
      if let expected = self.entries.firstIndex(where: { $0.counter == refused.expectedCounter }) {
        self.rewind(to: expected)
        return []
      }
      return self.beginNewProducer(expected: refused.expectedCounter, using: &random)
    case .duplicateUnknown:
      return [
        self.resolve(
          index,
          .refused(
            SendError(
              .uncertain, "the message was answered before, too long ago to know how: look into the history"))
        )
      ]
    case .unknownUser:
      return [self.resolve(index, .refused(SendError(.unknownUser, refused.detail)))]
    case .notAMember:
      return [self.resolve(index, .refused(SendError(.notAMember, refused.detail)))]
    default:
      return [self.resolve(index, .refused(SendError(.invalid, refused.detail)))]
    }
  }

  private mutating func isLastAnswer(at index: Int) -> Bool {
    self.entries[index].unanswered = max(0, self.entries[index].unanswered - 1)
    return self.entries[index].unanswered == 0
  }

  private mutating func rewind(to index: Int) {
    self.sentEnd = min(self.sentEnd, index)
  }

  private mutating func resolve(_ index: Int, _ outcome: Outbox.Outcome) -> Outbox.Resolution {
    if index < self.sentEnd { self.sentEnd -= 1 }
    return Outbox.Resolution(ticket: self.entries.remove(at: index).ticket, outcome: outcome)
  }

  /// The service expects a counter that is not here any more, so nothing can ever follow it: what is left goes under a
  /// new producer, numbered anew.
  ///
  /// A service that still knows the old producer has nothing after `expected` in its log. One that expects 1 has
  /// forgotten the producer, so a message whose answer was lost may be logged: sending it anew could show it twice.
  private mutating func beginNewProducer(
    expected: UInt64, using random: inout some RandomNumberGenerator
  ) -> [Outbox.Resolution] {
    self.producer = .random(prefix: "", using: &random)
    self.nextCounter = 1
    self.sentEnd = 0
    var resolutions: [Outbox.Resolution] = []
    var kept: [Entry] = []
    for var entry in self.entries {
      if expected <= 1 ? entry.isUncertain : entry.counter.map({ $0 < expected }) ?? false {
        let error = SendError(
          .uncertain,
          "the service lost count of this client's messages: look into the history before sending again")
        resolutions.append(Outbox.Resolution(ticket: entry.ticket, outcome: .refused(error)))
      } else {
        entry.counter = nil
        entry.unanswered = 0
        kept.append(entry)
      }
    }
    self.entries = kept
    return resolutions
  }
}
