import CIMCore

/// What clients of one event loop have stored, or read, until it is passed on to the routes: only the last of each
/// conversation.
struct AckBuffer: Sendable {
  /// How far one session has stored one conversation.
  struct Cursor: Sendable, Hashable {
    let session: UInt64
    let conversation: String
    let position: LogPosition
  }

  private struct Key: Hashable {
    let session: UInt64
    let conversation: String
  }

  private var positions: [Key: LogPosition] = [:]

  /// How many places wait.
  var count: Int { positions.count }

  /// Whether nothing waits.
  var isEmpty: Bool { positions.isEmpty }

  /// A client has stored, or its user has read, all up to a place.
  mutating func add(_ position: LogPosition, of conversation: String, by session: UInt64) {
    let key = Key(session: session, conversation: conversation)
    positions[key] = max(position, positions[key] ?? .beginning)
  }

  /// Everything, in no order.
  mutating func takeAll() -> [Cursor] {
    defer { positions.removeAll(keepingCapacity: positions.count < 1024) }
    return positions.map {
      Cursor(session: $0.key.session, conversation: $0.key.conversation, position: $0.value)
    }
  }
}
