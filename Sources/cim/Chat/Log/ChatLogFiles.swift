import Foundation
import NIOPosix
import Synchronization

/// A chat log in a directory of its own: a file a day, `2026-11-23.log`, with a line for each message:
///
///     12:03:04 [g:team] olu (1): hi
///
/// Each line is appended in one write. Files and directory are for their owner alone.
final class ChatLogFiles: ChatLog {
  private struct OpenFile: ~Copyable {
    let date: String
    let handle: AppendedFile
  }

  private let directory: String
  private let current = Mutex<OpenFile?>(nil)

  /// Names a directory, which the first line makes if need be.
  init(directory: String) {
    self.directory = directory
  }

  var place: String? { self.directory }

  func append(_ line: ChatLogLine) throws {
    try self.current.withLock { current in
      if current?.date != line.date {
        current = OpenFile(
          date: line.date, handle: try AppendedFile("\(self.directory)/\(line.date).log"))
      }
      try current?.handle.append("\(line.time) \(line.text)\n")
    }
  }

  /// Reads day by day, from the newest, on a thread that may block.
  func search(_ keyword: String, limit: Int) async throws -> (lines: [ChatLogLine], hasMore: Bool) {
    try await NIOThreadPool.singleton.runIfActive {
      var found: [ChatLogLine] = []
      for date in try self.days().reversed() where found.count <= limit {
        found = try self.lines(of: date, with: keyword) + found
      }
      return (Array(found.suffix(limit)), found.count > limit)
    }
  }

  /// The days of which there is a file, in order.
  private func days() throws -> [String] {
    guard FileManager.default.fileExists(atPath: self.directory) else { return [] }
    return try FileManager.default.contentsOfDirectory(atPath: self.directory)
      .filter { $0.hasSuffix(".log") }.map { String($0.dropLast(4)) }.sorted()
  }

  private func lines(of date: String, with keyword: String) throws -> [ChatLogLine] {
    let data = try Data(contentsOf: URL(fileURLWithPath: "\(self.directory)/\(date).log"))
    return String(decoding: data, as: UTF8.self).split(separator: "\n").compactMap { line in
      guard let blank = line.firstIndex(of: " ") else { return nil }
      let text = line[line.index(after: blank)...]
      guard text.range(of: keyword, options: .caseInsensitive) != nil else { return nil }
      return ChatLogLine(date: date, time: String(line[..<blank]), text: String(text))
    }
  }
}
