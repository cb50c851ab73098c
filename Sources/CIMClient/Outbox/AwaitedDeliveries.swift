import CIMCore
import CIMProtos

/// Messages in the log whose senders wait until they are delivered.
///
/// The service tells it once, over the connection that the message came from. Whoever missed that asks, by sending the message
/// again: over a new connection at once, otherwise from time to time, because a route may have died with the knowledge.
struct AwaitedDeliveries: Sendable {
  typealias Instant = ContinuousClock.Instant

  private struct Awaited {
    let message: UnsentMessage
    let accepted: Accepted
    /// When to ask; `nil`: as soon as possible.
    var askAt: Instant?
    var interval: Duration
    /// Whether a question is on its way.
    var isAsked = false
  }

  /// How many questions are on their way at once.
  private static let window = 32
  /// How long the service has before it is asked; the time doubles with each question.
  static let firstInterval: Duration = .seconds(15)
  private static let longestInterval: Duration = .seconds(480)

  private var awaited: [Awaited]

  /// Begins with what was awaited when the program ran before.
  init(_ messages: [UnsentMessage] = []) {
    self.awaited = messages.compactMap { message in
      message.accepted.map {
        Awaited(message: message, accepted: $0, askAt: nil, interval: Self.firstInterval)
      }
    }
  }

  /// How many are awaited.
  var count: Int { self.awaited.count }

  /// When `transmissions` has something to ask.
  var nextQuestion: Instant? {
    self.awaited.lazy.filter { !$0.isAsked }.compactMap(\.askAt).min()
  }

  func contains(_ id: SendID) -> Bool { self.awaited.contains { $0.message.id == id } }

  mutating func add(_ message: UnsentMessage, _ accepted: Accepted, now: Instant) {
    self.awaited.append(
      Awaited(
        message: message, accepted: accepted, askAt: now + Self.firstInterval, interval: Self.firstInterval))
  }

  /// What to ask now.
  mutating func transmissions(now: Instant) -> [CimV1.Send] {
    var room = Self.window - self.awaited.count { $0.isAsked }
    var sends: [CimV1.Send] = []
    for index in self.awaited.indices where room > 0 && !self.awaited[index].isAsked {
      guard self.awaited[index].askAt.map({ $0 <= now }) ?? true else { continue }
      self.awaited[index].isAsked = true
      sends.append(CimV1.Send(self.awaited[index].message))
      room -= 1
    }
    return sends
  }

  /// A question was answered.
  mutating func receive(
    _ outcome: CimV1.SendResult.Outcome?, to id: SendID, now: Instant
  ) -> Outbox.Resolution? {
    guard let index = self.awaited.firstIndex(where: { $0.message.id == id }) else { return nil }
    switch outcome {
    case .accepted(let accepted) where AckLevel(accepted.reached) >= .delivered:
      return self.resolve(index, reached: .delivered)
    case .refused(let refused) where refused.reason != .unavailable && refused.reason != .rateLimited:
      // It is in the log all the same; the service has forgotten its number.
      return self.resolve(index, reached: self.awaited[index].accepted.reached)
    case .accepted, .refused, nil:
      self.askLater(index, now: now)
      return nil
    }
  }

  /// The service has told.
  mutating func delivered(_ id: SendID) -> Outbox.Resolution? {
    self.awaited.firstIndex { $0.message.id == id }.map { self.resolve($0, reached: .delivered) }
  }

  mutating func remove(_ ticket: SendTicket) -> Outbox.Resolution? {
    self.awaited.firstIndex { $0.message.ticket == ticket }
      .map { self.resolve($0, reached: self.awaited[$0].accepted.reached) }
  }

  mutating func connectionLost() {
    for index in self.awaited.indices {
      self.awaited[index].isAsked = false
      self.awaited[index].askAt = nil
      self.awaited[index].interval = Self.firstInterval
    }
  }

  mutating func close() -> [Outbox.Resolution] {
    defer { self.awaited.removeAll() }
    return self.awaited.map { Outbox.Resolution(ticket: $0.message.ticket, outcome: .delivered($0.accepted)) }
  }

  private mutating func askLater(_ index: Int, now: Instant) {
    self.awaited[index].isAsked = false
    self.awaited[index].askAt = now + self.awaited[index].interval
    self.awaited[index].interval = min(self.awaited[index].interval * 2, Self.longestInterval)
  }

  private mutating func resolve(_ index: Int, reached: AckLevel) -> Outbox.Resolution {
    let awaited = self.awaited.remove(at: index)
    var accepted = awaited.accepted
    accepted.reached = reached
    return Outbox.Resolution(ticket: awaited.message.ticket, outcome: .delivered(accepted))
  }
}
