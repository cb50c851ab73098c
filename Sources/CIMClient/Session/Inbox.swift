import CIMCore
import CIMProtos

/// What was received: which messages are new, and how far each conversation is stored.
struct Inbox: Sendable {
  private var seen: [Conversation: SeenPositions] = [:]
  private var unacknowledged: Set<Conversation> = []

  /// Notes a message.
  ///
  /// - Returns: whether it is new.
  mutating func insert(_ position: LogPosition, in conversation: Conversation) -> Bool {
    // One that came again is acknowledged again: the earlier acknowledgement may be what was lost.
    self.unacknowledged.insert(conversation)
    if let isNew = self.seen[conversation]?.insert(position) { return isNew }
    self.seen[conversation] = SeenPositions(first: position)
    return true
  }

  /// Whether something was received that was not acknowledged yet.
  var hasUnacknowledged: Bool { !self.unacknowledged.isEmpty }

  /// How far each conversation is stored.
  var cursors: [CimV1.Cursor] {
    self.seen.map { CimV1.Cursor(conversation: "\($0.key)", position: CimV1.LogPosition($0.value.last)) }
  }

  /// How far the conversations with news are stored; they count as acknowledged then.
  mutating func takeUnacknowledged() -> [CimV1.Cursor] {
    defer { self.unacknowledged.removeAll() }
    return self.unacknowledged.compactMap { conversation in
      self.seen[conversation].map {
        CimV1.Cursor(conversation: "\(conversation)", position: CimV1.LogPosition($0.last))
      }
    }
  }
}
