import CIMCore
import NIOCore

/// How much of a conversation fits into one answer.
enum HistoryPage {
  /// The most content of a page, in bytes: with all that comes with it, it stays below the 4 MiB that gRPC clients accept
  /// by default.
  static let maxBytes = 3 * 1024 * 1024

  /// The newest of those entries that fit together, in their order: at least one, if there is one.
  static func latest(of entries: some BidirectionalCollection<LogEntry>) -> [LogEntry] {
    var bytes = 0
    var count = 0
    for entry in entries.reversed() {
      bytes += entry.content.readableBytes
      guard count == 0 || bytes <= maxBytes else { break }
      count += 1
    }
    return Array(entries.suffix(count))
  }
}
