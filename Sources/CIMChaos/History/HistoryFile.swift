import Foundation
import Synchronization

/// A history on disk: one JSON object a line, each appended by one write.
///
/// What was written survives the death of the process at any moment. A line that death cut short counts as not written: it
/// is taken off when the file is opened again, so that what it said has not happened.
public final class HistoryFile: Sendable {
  private struct State: ~Copyable {
    let descriptor: Int32
    let encoder = JSONEncoder()

    deinit { close(self.descriptor) }
  }

  private let state: Mutex<State>

  /// Opens the file, and creates it if there is none.
  public init(path: String) throws {
    let descriptor = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw FileError("open \(path)") }
    self.state = Mutex(State(descriptor: descriptor))
    let whole =
      try Data(contentsOf: URL(fileURLWithPath: path)).lastIndex(of: Self.lineFeed).map { $0 + 1 } ?? 0
    guard ftruncate(descriptor, off_t(whole)) == 0 else { throw FileError("truncate \(path)") }
  }

  /// Appends an event that happens now.
  ///
  /// - Throws: when the event can't be written; nothing may be done then that needs it on record.
  public func append(_ event: HistoryEvent) throws {
    try self.state.withLock { state in
      // The clock is read under the lock, so that times in a file never go back.
      var bytes = try state.encoder.encode(HistoryLine(time: MonotonicClock.milliseconds, event: event))
      bytes.append(Self.lineFeed)
      let count = bytes.withUnsafeBytes { Glibc.write(state.descriptor, $0.baseAddress, $0.count) }
      guard count == bytes.count else { throw FileError("append to a history") }
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
