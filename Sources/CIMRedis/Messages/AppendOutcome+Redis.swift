import CIMCore
import Redis

extension AppendOutcome {
  /// Reads what `RedisScript.append` answered to a message.
  ///
  /// - Parameter isReplicated: Whether replicas have said since that they have it.
  init(_ reply: RedisValue, to append: Append, isReplicated: Bool) throws(RedisError) {
    let parts = try reply.asArray()
    switch (try parts.first?.asString(), parts.count) {
    case ("appended", 4):
      self = .accepted(
        LogEntry(
          conversation: append.conversation, position: try parts[1].asLogPosition(),
          previous: try parts[2].asBytes().isEmpty ? nil : parts[2].asLogPosition(),
          sender: append.sender, loggedAt: try parts[3].asTimestamp(), sendID: append.sendID,
          content: append.content),
        duplicate: false, isReplicated: isReplicated)
    case ("known", 3):
      self = .accepted(
        try LogEntry(position: parts[1].asLogPosition(), fields: parts[2], in: append.conversation),
        duplicate: true, isReplicated: isReplicated)
    case ("refused", 3):
      self = .refused(
        Refusal(
          try parts[1].parsed("a refusal's reason") { Refusal.Reason(rawValue: $0) }, try parts[2].asString())
      )
    case ("stale", 1):
      self = .staleMark
    case ("gap", 2):
      self = .gap(expected: try parts[1].asInteger())
    case ("unknown", 1):
      self = .duplicateUnknown
    case ("foreign", 1):
      self = .refused(.foreignProducer)
    default:
      throw RedisError(.unexpectedReply, "expected an answer of the append script, got \(parts.count) parts")
    }
  }
}
