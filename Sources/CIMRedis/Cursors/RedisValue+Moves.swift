import CIMCore
import Redis

extension RedisValue {
  /// Reads what `RedisScript.advanceCursors` has moved.
  ///
  /// - Parameter places: what it was given.
  func asMoves(
    of user: UserID, to places: [Conversation: LogPosition]
  ) throws(RedisError) -> [MarkMove] {
    var moves: [MarkMove] = []
    for (name, previous) in try asPairs() {
      let conversation = try name.asConversation()
      guard let position = places[conversation] else {
        throw RedisError(.unexpectedReply, "a cursor moved in a conversation that was not named")
      }
      moves.append(
        MarkMove(
          of: user, in: conversation,
          from: try previous.asBytes().isEmpty ? nil : previous.asLogPosition(), to: position))
    }
    return moves
  }
}
