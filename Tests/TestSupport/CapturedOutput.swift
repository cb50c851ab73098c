/// What a child process has written to one of its outputs, awaitable while it grows.
public final class CapturedOutput: Sendable {
  private struct Content: Sendable {
    var bytes: [UInt8] = []
    var isComplete = false
  }

  private let content = Observed(Content())

  /// A position in the output: "from here on".
  public struct Mark: Sendable {
    fileprivate var offset = 0
    /// The beginning of the output.
    public static let start = Mark()
  }

  /// The position behind everything written so far.
  public var end: Mark { Mark(offset: content.current.bytes.count) }

  /// Everything written so far.
  public var text: String { text(after: .start) }

  /// What has been written since `mark`.
  public func text(after mark: Mark) -> String {
    String(decoding: content.current.bytes[mark.offset...], as: UTF8.self)
  }

  /// Waits until `text` has been written after `mark`.
  ///
  /// - Throws: `DeadlineExceeded`, showing the output, also when the output ended without it.
  public func wait(
    for text: String, after mark: Mark = .start, within limit: Duration = .seconds(15)
  ) async throws {
    _ = try await search("text \"\(text)\"", after: mark, within: limit) { written in
      written.contains(text) ? text : nil
    }
  }

  /// Waits for a whole line that contains `text`, and returns it without its line end.
  ///
  /// - Throws: `DeadlineExceeded`, showing the output, also when the output ended without it.
  @discardableResult
  public func line(
    containing text: String, after mark: Mark = .start, within limit: Duration = .seconds(15)
  ) async throws -> String {
    try await search("a line with \"\(text)\"", after: mark, within: limit) { written in
      guard let lastLineEnd = written.lastIndex(where: \.isNewline) else { return nil }
      return written[..<lastLineEnd].split(whereSeparator: \.isNewline).first { $0.contains(text) }
        .map(String.init)
    }
  }

  private func search(
    _ what: String, after mark: Mark, within limit: Duration,
    _ find: @escaping @Sendable (String) -> String?
  ) async throws -> String {
    let content = content
    @Sendable func found(in content: Content) -> String? {
      find(String(decoding: content.bytes[mark.offset...], as: UTF8.self))
    }
    try await withDeadline(limit, "\(what) in the output, which is:\n\(self.text(after: mark))") {
      try await content.wait { found(in: $0) != nil || $0.isComplete }
    }
    guard let result = found(in: content.current) else {
      throw DeadlineExceeded("the output ended without \(what), it was:\n\(text(after: mark))")
    }
    return result
  }

  /// Waits until the writer has closed this output.
  public func waitUntilComplete(within limit: Duration = .seconds(15)) async throws {
    let content = content
    try await withDeadline(limit, "the end of the output") { try await content.wait { $0.isComplete } }
  }

  func append(_ bytes: some Sequence<UInt8>) { content.update { $0.bytes.append(contentsOf: bytes) } }
  func complete() { content.update { $0.isComplete = true } }
}
