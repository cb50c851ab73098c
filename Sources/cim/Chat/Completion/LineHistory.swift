import Foundation

/// The lines that the user has typed, for the arrow keys: the last 500, in a file of the state directory.
struct LineHistory: Sendable {
  /// How many lines are kept.
  static let limit = 500

  private let path: String

  /// Names a file, which the first line makes if need be.
  init(path: String) {
    self.path = path
  }

  /// The last lines, oldest first. A file that has grown is written anew with these alone.
  func load() throws(FileFailure) -> [String] {
    guard FileManager.default.fileExists(atPath: self.path) else { return [] }
    do {
      let data = try Data(contentsOf: URL(fileURLWithPath: self.path))
      let all = String(decoding: data, as: UTF8.self).split(separator: "\n").map(String.init)
      let lines = Array(all.suffix(Self.limit))
      if all.count > 2 * Self.limit { try self.replace(with: lines) }
      return lines
    } catch {
      throw FileFailure(path: self.path, reason: error.localizedDescription)
    }
  }

  /// Appends a line.
  func append(_ line: String) throws(FileFailure) {
    try AppendedFile(self.path).append("\(line)\n")
  }

  private func replace(with lines: [String]) throws {
    let url = URL(fileURLWithPath: self.path)
    try Data((lines.joined(separator: "\n") + "\n").utf8).write(to: url, options: .atomic)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: self.path)
  }
}
