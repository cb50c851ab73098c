import CIMCore
import NIOCore

extension DelayedMessage {
  /// Says a text to the lobby, in ada's name unless another is given, under an id of its own.
  static func saying(
    _ text: String, in conversation: Conversation = .lobby, by sender: Account = .ada,
    id: DelayedID = .random()
  ) -> Self {
    Self(id: id, sender: sender, conversation: conversation, content: ByteBuffer(string: text))
  }

  var text: String { String(buffer: self.content) }
}

extension Timestamp {
  /// Past by any clock.
  static let epoch = Self(milliseconds: 0)
}

extension DelayedTime {
  /// So late that no test comes to it.
  static let tomorrow = Self.after(milliseconds: 24 * 3_600_000)
}

extension ScheduleOutcome {
  /// When it is to be sent, if it is kept.
  var due: Timestamp? {
    guard case .scheduled(_, let due, _) = self else { return nil }
    return due
  }
}

extension DelayedStore {
  func schedule(_ message: DelayedMessage, for time: DelayedTime) async throws(StoreError) -> ScheduleOutcome
  {
    try await schedule(message, for: time, under: nil)
  }

  /// What a user has, all of it.
  func scheduled(of user: Account) async throws(StoreError) -> [ScheduledMessage] {
    try await scheduled(of: user.id, after: nil, limit: 2000)
  }

  /// Takes the one message that is due.
  func takeOne() async throws(StoreError) -> TakenMessage? { try await take(limit: 100).first }
}

extension DelayedLimits {
  /// Who has taken a message loses it at once.
  static let withoutLease: Self = {
    var limits = Self.defaults
    limits.leaseMilliseconds = 0
    return limits
  }()
}
