/// What was said, kept for searching.
protocol ChatLog: Sendable {
  /// Where it is kept, for a person to read; `nil` when nowhere but in memory.
  var place: String? { get }

  /// Appends a line.
  func append(_ line: ChatLogLine) throws

  /// Finds the newest lines that have a keyword in their texts, in whichever case it is written.
  ///
  /// - Returns: at most `limit` lines, oldest first, and whether there are older ones.
  func search(_ keyword: String, limit: Int) async throws -> (lines: [ChatLogLine], hasMore: Bool)
}

/// A line of a chat log.
struct ChatLogLine: Hashable, Sendable {
  /// The day, such as "2026-11-23", by the user's clock on the wall.
  let date: String
  /// The time of day, such as "12:03:04".
  let time: String
  /// Who said it, where, and what; without line breaks.
  let text: String
}
