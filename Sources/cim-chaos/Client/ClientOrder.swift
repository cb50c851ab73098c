import CIMCore

/// What a process of clients is told, one JSON object a line on its standard input.
enum ClientOrder: Codable, Hashable, Sendable {
  /// From now on each client sends that many messages a second, to destinations of its choice. Zero: none.
  case rate(Double)
  /// A client sends messages to a conversation, as fast as they are accepted.
  case say(name: String, conversation: Conversation, count: Int)
  /// A client leaves in good order.
  case leave(name: String)
  /// A client that left returns, with all that it remembers.
  case enter(name: String)
  /// All leave in good order, and the process ends.
  case quit
}
