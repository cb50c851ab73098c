import CIMCore
import NIOCore
import Redis

extension LogEntry {
  /// Reads an entry of a stream as `XRANGE` gives it: its id, and its fields as `RedisScript.append` writes them.
  init(_ value: RedisValue, in conversation: Conversation) throws(RedisError) {
    let parts = try value.asArray()
    guard parts.count == 2 else { throw RedisError(.unexpectedReply, "expected an entry of a stream") }
    try self.init(position: parts[0].asLogPosition(), fields: parts[1], in: conversation)
  }

  /// Reads the fields of the entry at a position.
  init(position: LogPosition, fields: RedisValue, in conversation: Conversation) throws(RedisError) {
    var values: [String: RedisValue] = [:]
    for (name, value) in try fields.asPairs() {
      values[try name.asString()] = value
    }
    func field(_ name: String) throws(RedisError) -> RedisValue {
      guard let value = values[name] else {
        throw RedisError(.unexpectedReply, "entry \(position) of \(conversation) has no field \"\(name)\"")
      }
      return value
    }
    func isEmpty(_ name: String) throws(RedisError) -> Bool { try field(name).asBytes().isEmpty }

    self.init(
      conversation: conversation,
      position: position,
      previous: try isEmpty("v") ? nil : field("v").asLogPosition(),
      sender: Account(id: try field("s").asUserID(), name: try field("n").asUserName()),
      loggedAt: try field("t").asTimestamp(),
      sendID: try isEmpty("p")
        ? nil
        : SendID(
          producer: field("p").asProducerID(), conversation: conversation, counter: field("k").asInteger()),
      content: ByteBuffer(bytes: try field("c").asBytes()))
  }
}
