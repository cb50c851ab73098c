import CIMCore
import CIMProtos
import NgRPC

extension CimV1.User {
  /// An account as it travels.
  init(_ account: Account) {
    self.init(id: account.id.rawValue, name: account.name.rawValue)
  }
}

extension CimV1.LogPosition {
  /// A place as it travels.
  init(_ position: LogPosition) {
    self.init(epoch: position.epoch, seq: position.seq)
  }
}

extension LogPosition {
  /// A place that has travelled.
  init(_ position: CimV1.LogPosition) {
    self.init(epoch: position.epoch, seq: position.seq)
  }

  /// A place that has travelled, where none and the number 0 both mean the beginning.
  init?(place position: CimV1.LogPosition?) {
    guard let position, position.seq > 0 else { return nil }
    self.init(position)
  }
}

extension CimV1.SendId {
  /// A sender's number as it travels.
  init(_ sendID: SendID) {
    self.init(
      producer: sendID.producer.rawValue, conversation: sendID.conversation.description,
      counter: sendID.counter)
  }
}

extension CimV1.SessionRef {
  /// A session as servers know it.
  init(_ session: CIMCore.Session) {
    self.init(
      userID: session.user.rawValue, deviceID: session.device.rawValue, sessionEpoch: session.epoch.rawValue)
  }
}

extension CimV1.Message {
  /// An entry of a log as it travels.
  ///
  /// - Throws: `MessageDecodingError` when the entry's content was written by something else than a route.
  init(_ entry: LogEntry) throws {
    self.init(entry, content: try CimV1.Content(serialized: entry.content))
  }

  /// An entry of a log, whose content is known.
  init(_ entry: LogEntry, content: CimV1.Content?) {
    self.init(
      conversation: entry.conversation.description, position: CimV1.LogPosition(entry.position),
      previous: entry.previous.map(CimV1.LogPosition.init), sender: CimV1.User(entry.sender),
      loggedAtMs: Int64(clamping: entry.loggedAt.milliseconds), sendID: entry.sendID.map(CimV1.SendId.init),
      content: content)
  }
}

extension CimV1.Accepted {
  /// The answer for an entry.
  init(_ entry: LogEntry, duplicate: Bool, reached: CimV1.AckLevel) {
    self.init(
      position: CimV1.LogPosition(entry.position), loggedAtMs: Int64(clamping: entry.loggedAt.milliseconds),
      duplicate: duplicate, reached: reached)
  }
}

extension Conversation {
  /// Whether it is one of two users, with marks instead of members.
  var isPrivate: Bool {
    if case .direct = self { true } else { false }
  }
}
