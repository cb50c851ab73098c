import CIMCore
import CIMProtos

/// Messages on their way: under which numbers they go, which may go now, and what an answer means.
///
/// Each conversation is a lane of its own: its messages keep their order, and one that waits stops no other. A message
/// stays here until it is resolved, exactly once, and goes again under the same number after a lost connection.
struct Outbox: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What became of a message.
  struct Resolution: Equatable {
    let ticket: SendTicket
    let outcome: Outcome
  }

  /// What became of a message.
  enum Outcome: Equatable {
    case accepted(Accepted)
    case refused(SendError)
  }

  /// How long to wait before a message goes again to a service that was not available.
  static let retry = Backoff.Configuration(
    initial: .milliseconds(200), multiplier: 1.6, maximum: .seconds(5))

  private let limit: Int
  private let retry: Backoff.Configuration
  private var lanes: [Conversation: OutboxLane] = [:]
  /// Every producer that this outbox ever used, to tell its own messages when they come back.
  private var producers: Set<ProducerID> = []

  /// How many messages are unresolved.
  private(set) var count = 0

  /// Creates an empty outbox for at most `limit` unresolved messages.
  init(limit: Int, retry: Backoff.Configuration = Self.retry) {
    self.limit = limit
    self.retry = retry
  }

  /// Takes a message.
  ///
  /// - Throws: `SendError.Code.outboxFull`.
  mutating func enqueue(
    _ content: CimV1.Content, to conversation: Conversation, ticket: SendTicket,
    using random: inout some RandomNumberGenerator
  ) throws(SendError) {
    guard self.count < self.limit else {
      throw SendError(
        .outboxFull, "\(self.count) messages wait for an answer, which is the limit: wait, then send again")
    }
    if self.lanes[conversation] == nil {
      self.lanes[conversation] = self.makeLane(conversation, using: &random)
    }
    self.lanes[conversation]?.append(content, ticket: ticket)
    self.count += 1
  }

  /// What is to be sent now, in this order. It counts as sent from here on.
  mutating func transmissions(now: Instant) -> [CimV1.Send] {
    var sends: [CimV1.Send] = []
    for conversation in self.lanes.keys {
      self.lanes[conversation]?.transmit(into: &sends, now: now)
    }
    return sends
  }

  /// When `transmissions` has something to send again, if nothing else happens.
  var nextRetry: Instant? {
    self.lanes.values.lazy.compactMap(\.retryAt).min()
  }

  /// An answer came. One that belongs to no message, or was overtaken by a repeated transmission, changes nothing.
  mutating func receive(
    _ result: CimV1.SendResult, now: Instant, using random: inout some RandomNumberGenerator
  ) -> [Resolution] {
    guard let id = result.sendID, let conversation = try? Conversation(id.conversation),
      var lane = self.lanes.removeValue(forKey: conversation)
    else { return [] }
    let resolutions = lane.receive(result.outcome, to: id, now: now, using: &random)
    self.producers.insert(lane.producer)
    self.lanes[conversation] = lane
    self.count -= resolutions.count
    return resolutions
  }

  /// The connection is gone: whatever was not answered goes again over the next one.
  mutating func connectionLost() {
    for conversation in self.lanes.keys {
      self.lanes[conversation]?.connectionLost()
    }
  }

  /// Nothing will be sent any more: resolves everything that is left.
  mutating func close() -> [Resolution] {
    let resolutions = self.lanes.keys.sorted { "\($0)" < "\($1)" }.flatMap { conversation in
      self.lanes[conversation]?.close() ?? []
    }
    self.count = 0
    return resolutions
  }

  /// Whether a message with that number was sent from here.
  func isOwn(_ id: CimV1.SendId) -> Bool {
    (try? ProducerID(id.producer)).map(self.producers.contains) ?? false
  }

  private mutating func makeLane(
    _ conversation: Conversation, using random: inout some RandomNumberGenerator
  ) -> OutboxLane {
    let lane = OutboxLane(
      conversation: conversation, producer: .random(prefix: "", using: &random), retry: Backoff(self.retry))
    self.producers.insert(lane.producer)
    return lane
  }
}
