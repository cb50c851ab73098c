import DequeModule
import Foundation
import Synchronization

/// A chat log that ends with its owner: the last 10,000 lines.
final class InMemoryChatLog: ChatLog {
  private static let limit = 10_000

  private let lines = Mutex<Deque<ChatLogLine>>([])

  var place: String? { nil }

  func append(_ line: ChatLogLine) {
    self.lines.withLock { lines in
      if lines.count == Self.limit { lines.removeFirst() }
      lines.append(line)
    }
  }

  func search(_ keyword: String, limit: Int) -> (lines: [ChatLogLine], hasMore: Bool) {
    let found = self.lines.withLock { lines in
      lines.reversed().lazy.filter { $0.text.range(of: keyword, options: .caseInsensitive) != nil }
        .prefix(limit + 1).reversed() as [ChatLogLine]
    }
    return (Array(found.suffix(limit)), found.count > limit)
  }
}
