import CIMCore
import Redis

extension RedisValue {
  func asUserID() throws(RedisError) -> UserID {
    try parsed("a user id") { UserID($0) }
  }

  func asUserName() throws(RedisError) -> UserName {
    try parsed("a user name") { try? UserName($0) }
  }

  func asDeviceID() throws(RedisError) -> DeviceID {
    try parsed("a device id") { try? DeviceID($0) }
  }

  func asProducerID() throws(RedisError) -> ProducerID {
    try parsed("a producer id") { try? ProducerID($0) }
  }

  func asConversation() throws(RedisError) -> Conversation {
    try parsed("a conversation") { try? Conversation($0) }
  }

  func asLogPosition() throws(RedisError) -> LogPosition {
    try parsed("a log position") { LogPosition($0) }
  }

  func asTimestamp() throws(RedisError) -> Timestamp {
    Timestamp(milliseconds: try asInteger())
  }

  func parsed<Value>(_ what: String, _ parse: (String) -> Value?) throws(RedisError) -> Value {
    let text = try asString()
    guard let value = parse(text) else {
      throw RedisError(.unexpectedReply, "expected \(what), got \"\(text.prefix(100))\"")
    }
    return value
  }
}
