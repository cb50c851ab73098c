import Foundation
import Synchronization

/// A history on disk: one JSON object a line, each a step that is appended by one write.
///
/// What was written survives the death of the process at any moment. A line that death cut short counts as not written: it
/// is taken off when the file is opened again, so that what it said has not happened.
public final class HistoryFile: Sendable {
  private struct State: ~Copyable {
    let descriptor: Int32
    let encoder = JSONEncoder()

    deinit { close(self.descriptor) }
  }

  private let path: String
  private let state: Mutex<State>

  /// Opens the file, and creates it if there is none.
  public init(path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("open \(path)") }
    self.path = path
    self.state = Mutex(State(descriptor: descriptor))
    let whole =
      try Data(contentsOf: URL(fileURLWithPath: path)).lastIndex(of: Self.lineFeed).map { $0 + 1 } ?? 0
    guard ftruncate(descriptor, off_t(whole)) == 0 else { throw FileError("truncate \(path)") }
  }

  /// Appends what happens now, in one step.
  ///
  /// - Parameter memory: What the client has to remember of it.
  /// - Throws: when it can't be written; nothing may be done then that needs it on record.
  public func append(_ events: [HistoryEvent], memory: [String] = []) throws {
    try self.state.withLock { state in
      // The clock is read under the lock, so that times in a file never go back.
      let step = HistoryStep(
        time: MonotonicClock.milliseconds, events: events, memory: memory.isEmpty ? nil : memory)
      var bytes = try state.encoder.encode(step)
      bytes.append(Self.lineFeed)
      let count = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
      guard count == bytes.count else { throw FileError("append to a history") }
    }
  }

  /// All that the client has to remember, in the order in which it was written.
  public func memory() throws -> [String] {
    let data = try Data(contentsOf: URL(fileURLWithPath: self.path))
    let decoder = JSONDecoder()
    return try data.split(separator: Self.lineFeed).flatMap { line in
      try decoder.decode(HistoryStep.self, from: line).memory ?? []
    }
  }

  static let lineFeed = UInt8(ascii: "\n")
}

/// A file could not be opened or written.
struct FileError: Error, CustomStringConvertible {
  let description: String

  init(_ call: String) {
    self.description = "\(call): \(String(cString: strerror(errno)))"
  }
}
