import CIMCore
import Redis

extension RedisMessageLog {
  public func read(
    _ conversation: Conversation, before: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    // Redis takes no open end at the lowest of all ids, before which there is nothing.
    if before == LogPosition(epoch: 0, seq: 0) { return [] }
    let end = before.map { "(\($0)" } ?? "+"
    return try await entries(
      RedisCommand("XREVRANGE", StoreKey.log(conversation), end, "-", "COUNT", limit), of: conversation
    ).reversed()
  }

  public func read(
    _ conversation: Conversation, after: LogPosition?, limit: Int
  ) async throws(StoreError) -> [LogEntry] {
    // The same at the highest, after which there is nothing.
    if after == LogPosition(epoch: .max, seq: .max) { return [] }
    let start = after.map { "(\($0)" } ?? "-"
    return try await entries(
      RedisCommand("XRANGE", StoreKey.log(conversation), start, "+", "COUNT", limit), of: conversation)
  }

  private func entries(
    _ command: RedisCommand, of conversation: Conversation
  ) async throws(StoreError) -> [LogEntry] {
    do {
      var entries: [LogEntry] = []
      for entry in try await redis.send(command).asArray() {
        entries.append(try LogEntry(entry, in: conversation))
      }
      return entries
    } catch {
      throw StoreError(error)
    }
  }
}
