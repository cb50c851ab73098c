import CIMCore
import NIOCore

/// How much of a log goes into one page.
struct PageSize: Hashable, Sendable {
  /// The most entries that can be asked for.
  static let maxEntries = 500
  /// The bytes at which a page ends, content alone: 256 KiB. Its first entry may be longer.
  static let maxBytes = 256 * 1024
  /// What one entry is taken to need before anything is known of it, in bytes.
  private static let guess = 2048

  /// At most that many entries.
  let entries: Int
  private var count = 0
  private var bytes = 0

  /// - Parameter limit: what was asked for; 0 and what is too much mean the most.
  init(limit: UInt32) {
    entries = limit == 0 ? Self.maxEntries : min(Int(limit), Self.maxEntries)
  }

  /// How many entries to read next: one more than fit, to know whether there are more.
  var nextRead: Int {
    let average = count == 0 ? Self.guess : max(1, bytes / count)
    return min(entries - count, max(0, Self.maxBytes - bytes) / average) + 1
  }

  /// Adds an entry; false when it doesn't fit any more.
  mutating func admit(_ entry: LogEntry) -> Bool {
    let size = entry.content.readableBytes
    guard count < entries, count == 0 || bytes + size <= Self.maxBytes else { return false }
    count += 1
    bytes += size
    return true
  }
}
