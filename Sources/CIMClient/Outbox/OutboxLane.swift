import CIMCore
import CIMProtos

/// The unanswered messages to one conversation, in order.
///
/// They go to an idempotent producer: its counters are dense, the service takes the next one only, and knows a
/// repeated one by its number. A message has its number from when it is taken. Each run of the program begins a producer of
/// its own: a number that a crash made the storage forget is never given to another message.
struct OutboxLane: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What became of a message.
  struct Resolution {
    let message: UnsentMessage
    let outcome: Result<Accepted, SendError>
  }

  /// How many messages are on their way at once. The service remembers a producer's last 64 answers: as long as fewer are
  /// in flight, a repeated one is always known.
  private static let window = 32

  private struct Entry {
    var message: UnsentMessage
    /// How often it was sent over this connection without an answer yet. Each transmission is answered once, in
    /// order, so only the last one's answer is news.
    var unanswered = 0
    /// Whether it may be in the log although no answer said so.
    var isUncertain = false
  }

  /// When to send again after the service was not available.
  private(set) var retryAt: Instant?

  private let conversation: Conversation
  private let producerPrefix: String
  /// Under which id further messages go; another one once the service expects what can't be supplied any more.
  private var producer: ProducerID?
  private var nextCounter: UInt64 = 1
  private var entries: [Entry] = []
  /// The entries before this index are on their way; those from it on are to be sent.
  private var sentEnd = 0
  private var retry: Backoff

  init(conversation: Conversation, producerPrefix: String, retry: Backoff) {
    self.conversation = conversation
    self.producerPrefix = producerPrefix
    self.retry = retry
  }

  /// Takes a message that was left when the program ran before.
  mutating func restore(_ message: UnsentMessage) {
    self.entries.append(Entry(message: message, isUncertain: message.isAttempted))
  }

  /// Takes a message.
  mutating func append(
    _ draft: Draft, ticket: SendTicket, using random: inout some RandomNumberGenerator
  ) -> UnsentMessage {
    let producer = self.producer ?? .random(prefix: self.producerPrefix, using: &random)
    self.producer = producer
    let message = UnsentMessage(
      ticket: ticket,
      id: SendID(producer: producer, conversation: self.conversation, counter: self.nextCounter),
      content: draft.content, properties: draft.properties, level: draft.level)
    self.nextCounter += 1
    self.entries.append(Entry(message: message))
    return message
  }

  /// How many are on their way.
  var sent: Int { self.sentEnd }

  /// Appends what is to be sent now.
  ///
  /// - Parameter room: How many at most.
  mutating func transmit(
    _ room: Int = .max, into sends: inout [CimV1.Send], noting changes: inout [ClientChange], now: Instant
  ) {
    if let retryAt {
      guard now >= retryAt else { return }
      self.retryAt = nil
    }
    // The next producer's messages wait until all of this one's are answered: none overtakes another.
    let producer = self.entries.first?.message.id.producer
    let end = self.entries.prefix(Self.window).prefix { $0.message.id.producer == producer }.count
    let limit = room < Self.window ? min(end, self.sentEnd + room) : end
    while self.sentEnd < limit {
      sends.append(self.send(at: self.sentEnd, noting: &changes))
      self.sentEnd += 1
    }
  }

  private mutating func send(at index: Int, noting changes: inout [ClientChange]) -> CimV1.Send {
    self.entries[index].unanswered += 1
    if !self.entries[index].message.isAttempted {
      self.entries[index].message.isAttempted = true
      changes.append(.attempted(self.entries[index].message.ticket))
    }
    return CimV1.Send(self.entries[index].message)
  }

  /// Its answer is the last thing that anybody wants to know of a message.
  mutating func forgetDelivery(of ticket: SendTicket) {
    guard let index = self.entries.firstIndex(where: { $0.message.ticket == ticket }) else { return }
    self.entries[index].message.level = min(self.entries[index].message.level, .replicated)
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
        ? SendError(.unanswered, "the client was closed before the answer came")
        : SendError(.closed, "the client was closed before the message was sent")
      return Outbox.Resolution(ticket: entry.message.ticket, outcome: .refused(error))
    }
  }

  mutating func receive(
    _ outcome: CimV1.SendResult.Outcome?, to id: SendID, now: Instant, noting changes: inout [ClientChange],
    using random: inout some RandomNumberGenerator
  ) -> [Resolution] {
    guard let index = self.entries.firstIndex(where: { $0.message.id == id }) else { return [] }
    switch outcome {
    case .accepted(let accepted):
      guard let accepted = Accepted(accepted, in: self.conversation) else { return [] }
      self.retry.reset()
      return [self.resolve(index, .success(accepted))]
    case .refused(let refused):
      return self.receive(refused, at: index, now: now, noting: &changes, using: &random)
    case nil:
      // An outcome of a later version of the protocol: the message is answered, and how can't be told.
      return [
        self.resolve(index, .failure(SendError(.uncertain, "the server's answer is of an unknown kind")))
      ]
    }
  }

  private mutating func receive(
    _ refused: CimV1.Refused, at index: Int, now: Instant, noting changes: inout [ClientChange],
    using random: inout some RandomNumberGenerator
  ) -> [Resolution] {
    switch refused.reason {
    case .unavailable:
      guard self.isLastAnswer(at: index) else { return [] }
      self.entries[index].isUncertain = true
      self.rewind(to: index)
      self.retryAt = now + self.retry.next(using: &random)
      return []
    case .rateLimited:
      if self.isLastAnswer(at: index) { self.rewind(to: index) }
      return []
    case .counterGap:
      guard self.isLastAnswer(at: index) else { return [] }
      let producer = self.entries[index].message.id.producer
      let expected = self.entries.firstIndex {
        $0.message.id.producer == producer && $0.message.id.counter == refused.expectedCounter
      }
      if let expected {
        self.rewind(to: expected)
        return []
      }
      return self.leave(producer, expected: refused.expectedCounter, noting: &changes, using: &random)
    case .duplicateUnknown:
      let error = SendError(
        .uncertain, "the message was answered before, too long ago to know how: look into the history")
      return [self.resolve(index, .failure(error))]
    case .unknownUser:
      return [self.resolve(index, .failure(SendError(.unknownUser, refused.detail)))]
    case .notAMember:
      return [self.resolve(index, .failure(SendError(.notAMember, refused.detail)))]
    case .blocked:
      return [self.resolve(index, .failure(SendError(.blocked, refused.detail)))]
    case .muted:
      return [self.resolve(index, .failure(SendError(.muted, refused.detail)))]
    default:
      return [self.resolve(index, .failure(SendError(.invalid, refused.detail)))]
    }
  }

  private mutating func isLastAnswer(at index: Int) -> Bool {
    self.entries[index].unanswered = max(0, self.entries[index].unanswered - 1)
    return self.entries[index].unanswered == 0
  }

  private mutating func rewind(to index: Int) {
    self.sentEnd = min(self.sentEnd, index)
  }

  private mutating func resolve(_ index: Int, _ outcome: Result<Accepted, SendError>) -> Resolution {
    if index < self.sentEnd { self.sentEnd -= 1 }
    return Resolution(message: self.entries.remove(at: index).message, outcome: outcome)
  }

  /// The service expects a counter that is not here any more, so nothing can ever follow it: what is left of that producer
  /// goes under a new one, numbered anew.
  ///
  /// A service that still knows the old producer has nothing after `expected` in its log. One that expects 1 has
  /// forgotten the producer, so a message whose answer was lost may be logged: sending it anew could show it twice.
  private mutating func leave(
    _ old: ProducerID, expected: UInt64, noting changes: inout [ClientChange],
    using random: inout some RandomNumberGenerator
  ) -> [Resolution] {
    let new = ProducerID.random(prefix: self.producerPrefix, using: &random)
    self.sentEnd = 0
    var nextCounter: UInt64 = 1
    var resolutions: [Resolution] = []
    var kept: [Entry] = []
    for var entry in self.entries {
      let id = entry.message.id
      if id.producer != old {
        kept.append(entry)
      } else if expected <= 1 ? entry.isUncertain : id.counter < expected {
        let error = SendError(
          .uncertain,
          "the service lost count of this client's messages: look into the history before sending again")
        resolutions.append(Resolution(message: entry.message, outcome: .failure(error)))
      } else {
        entry.message.id = SendID(producer: new, conversation: self.conversation, counter: nextCounter)
        entry.message.isAttempted = false
        entry.isUncertain = false
        entry.unanswered = 0
        nextCounter += 1
        changes.append(.renumbered(entry.message.ticket, entry.message.id))
        kept.append(entry)
      }
    }
    self.entries = kept
    if self.producer == old {
      self.producer = new
      self.nextCounter = nextCounter
    }
    return resolutions
  }
}
