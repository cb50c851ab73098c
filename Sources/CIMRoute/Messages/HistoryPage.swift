import CIMCore
import NIOCore

/// How much of a conversation, or of another list of messages, fits into one answer.
enum HistoryPage {
  /// The most content of a page, in bytes: with all that comes with it, it stays below the 4 MiB that gRPC clients accept
  /// by default.
  static let maxBytes = 3 * 1024 * 1024

  /// How many contents of those sizes fit together, from the first one on: at least one, if there is one.
  static func prefix(of sizes: some Sequence<Int>) -> Int {
    var bytes = 0
    var count = 0
    for size in sizes {
      bytes += size
      guard count == 0 || bytes <= maxBytes else { break }
      count += 1
    }
    return count
  }

  /// The newest of those entries that fit together, in their order: at least one, if there is one.
  static func latest(of entries: some BidirectionalCollection<LogEntry>) -> [LogEntry] {
    let count = prefix(of: entries.reversed().lazy.map(\.content.readableBytes))
    return Array(entries.suffix(count))
  }

  /// The oldest of those entries that fit together, in their order: at least one, if there is one.
  static func earliest(of entries: some Collection<LogEntry>) -> [LogEntry] {
    Array(entries.prefix(prefix(of: entries.lazy.map(\.content.readableBytes))))
  }
}
