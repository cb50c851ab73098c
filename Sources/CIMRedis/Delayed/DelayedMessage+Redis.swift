import CIMCore
import NIOCore
import Redis

extension DelayedMessage {
  /// `<sender's id> <conversation> <sender's name>`, a line feed, and the content: names have no line feeds, and the name is the last
  /// because it can have spaces.
  var redisValue: ByteBuffer {
    var buffer = ByteBuffer(string: "\(sender.id) \(conversation) \(sender.name.rawValue)\n")
    buffer.writeImmutableBuffer(content)
    return buffer
  }
}

extension RedisValue {
  func asDelayedID() throws(RedisError) -> DelayedID {
    try parsed("a delayed message's id") { try? DelayedID($0) }
  }

  /// Reads a message with the time before it.
  func asDelayedMessage(_ id: DelayedID) throws(RedisError) -> (due: Timestamp, message: DelayedMessage) {
    let bytes = try asBytes()
    let unreadable = RedisError(.unexpectedReply, "expected the delayed message \(id), got something else")
    guard let lineEnd = bytes.firstIndex(of: UInt8(ascii: "\n")),
      let line = String(validating: bytes[..<lineEnd], as: UTF8.self)
    else { throw unreadable }
    let parts = line.split(separator: " ", maxSplits: 3, omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, let due = UInt64(parts[0]), let sender = UserID(parts[1]),
      let conversation = try? Conversation(parts[2]), let name = try? UserName(parts[3])
    else { throw unreadable }
    return (
      Timestamp(milliseconds: due),
      DelayedMessage(
        id: id, sender: Account(id: sender, name: name), conversation: conversation,
        content: ByteBuffer(bytes: bytes[(lineEnd + 1)...]))
    )
  }

  /// Reads a message's state; it has none before it was taken.
  func asScheduledState() throws(RedisError) -> ScheduledMessage.State {
    if isNull { return .waiting }
    return try parsed("a delayed message's state") { text in
      let parts = text.split(separator: " ", maxSplits: 4, omittingEmptySubsequences: false)
      switch (parts.first, parts.count) {
      case ("w", 3): return .waiting
      case ("t", 3), ("r", 3): return .sending
      case ("f", 5):
        return DelayedFailure.Reason(rawValue: String(parts[3])).map {
          .failed(DelayedFailure($0, String(parts[4])))
        }
      default: return nil
      }
    }
  }
}
