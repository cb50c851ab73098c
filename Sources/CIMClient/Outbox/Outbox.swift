import CIMCore
import CIMProtos

/// Messages on their way: under which numbers they go, which may go now, and what an answer means.
///
/// Each conversation is a lane of its own: its messages keep their order, and one that waits stops no other. A message
/// stays here until it is resolved, exactly once, and goes again under the same number after a lost connection and after a
/// restart of the program.
struct Outbox: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What became of a message.
  struct Resolution: Equatable {
    let ticket: SendTicket
    let outcome: Outcome
  }

  /// What became of a message.
  enum Outcome: Equatable {
    /// It has the answer that its sender waits for.
    case accepted(Accepted)
    /// It is in the log; whether it is delivered follows.
    case awaitingDelivery(Accepted)
    /// What followed: it is delivered, or, when the level that it says is less, nobody knows any more.
    case delivered(Accepted)
    case refused(SendError)

    /// Whether nothing follows, and with which result.
    var result: Result<Accepted, SendError>? {
      switch self {
      case .accepted(let accepted), .delivered(let accepted): .success(accepted)
      case .refused(let error): .failure(error)
      case .awaitingDelivery: nil
      }
    }
  }

  /// How long to wait before a message goes again to a service that was not available.
  static let retry = Backoff.Configuration(
    initial: .milliseconds(200), multiplier: 1.6, maximum: .seconds(5))

  private let limit: Int
  private let producerPrefix: String
  private let retry: Backoff.Configuration
  private var lanes: [Conversation: OutboxLane] = [:]
  private var deliveries: AwaitedDeliveries
  private var pace = SendPace()
  /// Which lane is the first to send when not all can.
  private var turn = 0
  private var changes: [ClientChange] = []

  /// How many messages have no answer.
  private(set) var unanswered = 0

  /// Creates an outbox for at most `limit` unresolved messages.
  ///
  /// - Parameters:
  ///   - producerPrefix: What its producers' ids begin with.
  ///   - unsent: What was left when the program ran before, in order.
  init(
    limit: Int, producerPrefix: String, restoring unsent: [UnsentMessage] = [],
    retry: Backoff.Configuration = Self.retry
  ) {
    self.limit = limit
    self.producerPrefix = producerPrefix
    self.retry = retry
    self.deliveries = AwaitedDeliveries(unsent.filter { $0.accepted != nil })
    for message in unsent where message.accepted == nil {
      var lane = self.takeLane(message.id.conversation)
      lane.restore(message)
      self.lanes[message.id.conversation] = lane
      self.unanswered += 1
    }
  }

  /// What has changed since it was asked last, to be stored before anything is sent or told.
  mutating func takeChanges() -> [ClientChange] {
    defer { self.changes.removeAll(keepingCapacity: true) }
    return self.changes
  }

  /// Takes a message. It has its number from here on.
  ///
  /// - Throws: `SendError.Code.outboxFull`.
  mutating func enqueue(
    _ draft: Draft, to conversation: Conversation, ticket: SendTicket,
    using random: inout some RandomNumberGenerator
  ) throws(SendError) {
    let count = self.unanswered + self.deliveries.count
    guard count < self.limit else {
      throw SendError(
        .outboxFull, "\(count) messages wait for an answer, which is the limit: wait, then send again")
    }
    var lane = self.takeLane(conversation)
    let message = lane.append(draft, ticket: ticket, using: &random)
    self.lanes[conversation] = lane
    self.changes.append(.enqueued(message))
    self.unanswered += 1
  }

  /// What is to be sent now, in this order. It counts as sent from here on.
  mutating func transmissions(now: Instant) -> [CimV1.Send] {
    guard self.pace.isOpen(at: now) else { return [] }
    var sends: [CimV1.Send] = []
    guard let room = self.pace.room(besides: self.lanes.values.reduce(0) { $0 + $1.sent }) else {
      for conversation in self.lanes.keys {
        self.lanes[conversation]?.transmit(into: &sends, noting: &self.changes, now: now)
      }
      return sends + self.deliveries.transmissions(now: now)
    }
    let conversations = Array(self.lanes.keys)
    for index in conversations.indices where sends.count < room {
      let conversation = conversations[(self.turn + index) % conversations.count]
      self.lanes[conversation]?.transmit(
        room - sends.count, into: &sends, noting: &self.changes, now: now)
    }
    self.turn &+= 1
    // Questions come last: they are about what is in the log.
    return sends.count < room ? sends + self.deliveries.transmissions(now: now) : sends
  }

  /// When `transmissions` has something to send again, if nothing else happens.
  var nextRetry: Instant? {
    if let pausedUntil = self.pace.pausedUntil { return pausedUntil }
    let ofLanes = self.lanes.values.lazy.compactMap(\.retryAt).min()
    return [ofLanes, self.deliveries.nextQuestion].compactMap(\.self).min()
  }

  /// An answer came. One that belongs to no message, or was overtaken by a repeated transmission, changes nothing.
  mutating func receive(
    _ result: CimV1.SendResult, now: Instant, using random: inout some RandomNumberGenerator
  ) -> [Resolution] {
    guard let id = SendID(result.sendID) else { return [] }
    switch result.outcome {
    case .accepted: self.pace.accepted()
    case .refused(let refused) where refused.reason == .rateLimited:
      // Not at the very moment: others of this user's may wait for the same token.
      let pause = Duration.milliseconds(max(1, refused.retryAfterMs))
      self.pace.limited(for: pause * Double.random(in: 1...1.1, using: &random), now: now)
    case .refused, nil: break
    }
    if self.deliveries.contains(id) {
      return self.note(self.deliveries.receive(result.outcome, to: id, now: now).map { [$0] } ?? [])
    }
    let resolutions =
      self.lanes[id.conversation]?
      .receive(result.outcome, to: id, now: now, noting: &self.changes, using: &random) ?? []
    self.unanswered -= resolutions.count
    return self.note(resolutions.map { self.resolution($0, now: now) })
  }

  /// A message is delivered.
  mutating func receive(_ delivered: CimV1.Delivered) -> [Resolution] {
    guard let id = SendID(delivered.sendID), let resolution = self.deliveries.delivered(id) else { return [] }
    return self.note([resolution])
  }

  /// Nobody waits for the delivery of a message any more.
  mutating func forgetDelivery(of ticket: SendTicket) {
    if let resolution = self.deliveries.remove(ticket) {
      _ = self.note([resolution])
    } else {
      for conversation in self.lanes.keys { self.lanes[conversation]?.forgetDelivery(of: ticket) }
    }
  }

  /// The connection is gone: whatever was not answered goes again over the next one.
  mutating func connectionLost() {
    for conversation in self.lanes.keys { self.lanes[conversation]?.connectionLost() }
    self.deliveries.connectionLost()
  }

  /// Nothing will be sent any more: tells of everything that is left. In the storage it stays.
  mutating func close() -> [Resolution] {
    let resolutions = self.lanes.keys.sorted { "\($0)" < "\($1)" }.flatMap { conversation in
      self.lanes[conversation]?.close() ?? []
    }
    self.unanswered = 0
    return resolutions + self.deliveries.close()
  }

  /// The lane of a conversation, to be put back.
  private mutating func takeLane(_ conversation: Conversation) -> OutboxLane {
    self.lanes.removeValue(forKey: conversation)
      ?? OutboxLane(
        conversation: conversation, producerPrefix: self.producerPrefix, retry: Backoff(self.retry))
  }

  private mutating func resolution(_ resolution: OutboxLane.Resolution, now: Instant) -> Resolution {
    let message = resolution.message
    switch resolution.outcome {
    case .success(let accepted) where message.level == .delivered && accepted.reached < .delivered:
      self.deliveries.add(message, accepted, now: now)
      return Resolution(ticket: message.ticket, outcome: .awaitingDelivery(accepted))
    case .success(let accepted): return Resolution(ticket: message.ticket, outcome: .accepted(accepted))
    case .failure(let error): return Resolution(ticket: message.ticket, outcome: .refused(error))
    }
  }

  private mutating func note(_ resolutions: [Resolution]) -> [Resolution] {
    for resolution in resolutions {
      if let result = resolution.outcome.result {
        self.changes.append(.resolved(resolution.ticket, result))
      } else if case .awaitingDelivery(let accepted) = resolution.outcome {
        self.changes.append(.accepted(resolution.ticket, accepted))
      }
    }
    return resolutions
  }
}
