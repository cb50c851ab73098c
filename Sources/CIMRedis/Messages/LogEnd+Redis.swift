import CIMCore
import Redis

extension RedisValue {
  /// Reads a log's end.
  ///
  /// - Parameter users: whose last entries were asked for.
  /// - Returns: nil for a log without any entry.
  func asLogEnd(with users: [UserID]) throws(RedisError) -> LogEnd? {
    let fields = try asArray()
    guard fields.count == 3 + users.count else {
      throw RedisError(.unexpectedReply, "expected a log's end, got \(fields.count) fields")
    }
    guard let position = try fields[0].ifPresent?.asLogPosition() else { return nil }
    var lastOwn: [UserID: LogPosition] = [:]
    for (user, field) in zip(users, fields[3...]) { lastOwn[user] = try field.ifPresent?.asLogPosition() }
    return LogEnd(
      position: position,
      // An epoch begins with its first entry.
      loggedAt: try fields[1].ifPresent?.asTimestamp() ?? Timestamp(milliseconds: position.epoch),
      formerEpochs: try fields[2].ifPresent?.asPositions() ?? [], lastOwn: lastOwn)
  }

  private func asPositions() throws(RedisError) -> [LogPosition] {
    try parsed("positions") { text in
      let words = text.split(separator: " ")
      let places = words.compactMap { LogPosition(String($0)) }
      return places.count == words.count ? places : nil
    }
  }
}
