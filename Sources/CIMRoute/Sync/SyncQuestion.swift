import CIMCore
import CIMProtos

/// What is asked of one session, with names that were checked.
struct SyncQuestion: Sendable {
  /// The user's device.
  let device: UserDevice
  /// Whether the session has just been opened.
  let isNew: Bool
  /// What the client said of its places. Number 0 is one too: nothing yet.
  let said: [Conversation: LogPosition]
  /// Conversations whose place the server does not know.
  let named: Set<Conversation>

  /// Nil for a session without a valid name.
  init?(_ session: CimV1.SyncSession) {
    guard let reference = session.session, reference.userID > 0,
      let device = try? DeviceID(reference.deviceID)
    else { return nil }
    self.init(
      device: UserDevice(user: UserID(reference.userID), device: device), isNew: session.isNew,
      said: session.cursors.places, named: Set(session.conversations.compactMap { try? Conversation($0) }))
  }

  init(
    device: UserDevice, isNew: Bool, said: [Conversation: LogPosition] = [:], named: Set<Conversation> = []
  ) {
    self.device = device
    self.isNew = isNew
    self.said = said
    self.named = named
  }

  /// Whether the user's groups matter.
  func needsGroups(marks: [DirtyMark]) -> Bool {
    isNew || marks.contains { $0.conversation.isGroup } || named.contains { $0.isGroup }
  }
}

extension [CimV1.Cursor] {
  /// By conversation, how far; what has no valid name is left out, and the furthest of several counts.
  var places: [Conversation: LogPosition] {
    reduce(into: [:]) { places, cursor in
      guard let conversation = try? Conversation(cursor.conversation), let position = cursor.position else {
        return
      }
      places[conversation] = Swift.max(places[conversation] ?? .beginning, LogPosition(position))
    }
  }
}

extension Conversation {
  /// Whether it is a group's.
  var isGroup: Bool {
    if case .group = self { true } else { false }
  }
}
