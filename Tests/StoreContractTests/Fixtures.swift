import CIMCore
import NIOCore

extension Account {
  static let ada = try! Self(id: UserID(1), name: UserName("ada"))
  static let bob = try! Self(id: UserID(2), name: UserName("bob"))
}

extension DeviceID {
  static let phone = try! Self("phone")
  static let laptop = try! Self("laptop")
}

extension ServerInstance {
  static let one = Self("server-1#a")!
  static let oneReturned = Self("server-1#b")!
  static let two = Self("server-2#a")!
}

extension Conversation {
  static let adaAndBob = Self.direct(between: Account.ada.id, and: Account.bob.id)
  static let adaAndCarol = Self.direct(between: Account.ada.id, and: UserID(3))
  static let friends = try! Self.group(GroupID("friends"))
}

extension ProducerID {
  static let outbox = try! Self("outbox-1")
}

extension Refusal {
  static let nobody = Self(.unknownUser, "there is no user 7; look the id up with GetUser")
}

extension Append {
  /// Says a text; in ada's name unless another is given.
  static func saying(
    _ text: String, in conversation: Conversation = .lobby, by sender: Account = .ada,
    _ idempotency: Idempotency = .none, refusal: Refusal? = nil
  ) -> Self {
    Self(
      conversation: conversation, sender: sender, idempotency: idempotency, content: ByteBuffer(string: text),
      refusal: refusal)
  }
}

extension LogEntry {
  var text: String { String(buffer: self.content) }
}

extension AppendOutcome {
  /// The entry, if it was accepted, now or before.
  var entry: LogEntry? {
    guard case .accepted(let entry, _, _) = self else { return nil }
    return entry
  }
}

/// The results of so many operations run at once.
func concurrently<Result: Sendable>(
  _ count: Int, _ operation: @escaping @Sendable (_ index: Int) async throws -> Result
) async throws -> [Result] {
  try await withThrowingTaskGroup(of: Result.self) { group in
    for index in 0..<count {
      group.addTask { try await operation(index) }
    }
    return try await group.reduce(into: []) { $0.append($1) }
  }
}

extension MessageLog {
  /// One user's marks, however new.
  func dirtyMarks(of user: UserID, limit: Int) async throws -> [DirtyMark] {
    try await self.dirtyMarks(of: [user], olderThan: 0, limit: limit)[user] ?? []
  }
}

extension MessageLogLimits {
  /// Marks can be cleared at once.
  static let withoutLease: Self = {
    var limits = Self.defaults
    limits.markLeaseMilliseconds = 0
    limits.clockToleranceMilliseconds = 0
    return limits
  }()
}
